"""Applies the patches in a trial, which imports it to unpickle its class, by `enable`."""

from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.legacy.forms import older_forms
from tune_wandb_nb.tracking.legacy.patches import apply_patches
from tune_wandb_nb.tracking.legacy.trainers import abort_training
from tune_wandb_nb.tracking.results.setup_config import KeepsSetupConfig, add_plain

__all__ = ["LegacyTrial"]

_SAVED = ".saved_path"
"""A file in a checkpoint with the path that ``save_checkpoint`` returned."""


class LegacyTrial(KeepsSetupConfig):
    def step(self) -> dict[str, Any]:
        """Keep a config among the metrics, which Tune would replace."""
        result: dict[str, Any] = super().step()
        add_plain(self.config, result.get("config"))
        return result

    def save_checkpoint(self, checkpoint_dir: str) -> Any:
        """In Ray 1.x the path of a file in the folder may be returned."""
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
