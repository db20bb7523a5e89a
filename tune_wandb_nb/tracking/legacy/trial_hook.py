"""Applies the patches in a trial's process, as a side effect of its import.

`enable` makes `LegacyTrial` the first base of each trainable. The trial's process imports this
module to unpickle the trainable's class.
"""

from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.legacy.forms import older_forms
from tune_wandb_nb.tracking.legacy.patches import apply_patches
from tune_wandb_nb.tracking.legacy.trainers import abort_training
from tune_wandb_nb.tracking.results.setup_config import KeepsSetupConfig, add_plain

__all__ = ["LegacyTrial"]

_SAVED = ".saved_path"
"""The file beside a checkpoint's others that has the path which ``save_checkpoint`` returned."""


class LegacyTrial(KeepsSetupConfig):
    def step(self) -> dict[str, Any]:
        """Run one iteration; a config among its metrics is not lost to the one that Tune adds."""
        result: dict[str, Any] = super().step()
        add_plain(self.config, result.get("config"))
        return result

    def save_checkpoint(self, checkpoint_dir: str) -> Any:
        """Save a checkpoint; the path of a file in the folder may be returned, as in Ray 1.x."""
        try:
            saved = super().save_checkpoint(checkpoint_dir)
        except NotImplementedError:
            # Older Tuners saved no checkpoint at the end of a class that has none.
            return {}
        if not isinstance(saved, str) or not checkpoint_dir or saved == checkpoint_dir:
            return saved
        folder = Path(checkpoint_dir).absolute()
        path = Path(saved).absolute()
        if folder not in path.parents:
            return saved if path != folder else checkpoint_dir
        (folder / _SAVED).write_text(str(path.relative_to(folder)), encoding="utf-8")
        return checkpoint_dir

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Load a checkpoint, from the path that ``save_checkpoint`` has returned."""
        if isinstance(checkpoint, str):
            saved = Path(checkpoint, _SAVED)
            if saved.is_file():
                checkpoint = str(Path(checkpoint, saved.read_text(encoding="utf-8")))
        if checkpoint != {}:
            super().load_checkpoint(checkpoint)

    def cleanup(self) -> None:
        super().cleanup()
        abort_training()


apply_patches(older_forms())
