"""What older Rays had on checkpoints, trials and analyses that current ones refuse."""

import pickle
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.legacy.patches import Age, Patch
from tune_wandb_nb.tracking.results.checkpoints import storage_uri

__all__ = ["checkpoint_patches"]

_AIR = Age.RAY_2_0
_CLASSIC = Age.RAY_1
_DICTIONARY = "dict_checkpoint.pkl"
"""Tune's own name of the file with what a trainable's ``save_checkpoint`` returns."""


def checkpoint_patches() -> list[Patch]:
    import ray.air
    import ray.tune
    from ray.train import Checkpoint
    from ray.tune.experiment import Trial

    of_checkpoint = {
        "from_dict": classmethod(_from_dict),
        "to_dict": _to_dict,
        "from_uri": classmethod(lambda cls, uri: cls(uri)),
        "uri": property(_uri),
    }
    path = {"value": property(_local_path), "dir_or_data": property(_local_path)}
    analysis = {
        "best_logdir": property(lambda self: str(self.best_trial.local_path)),
        "get_best_logdir": _get_best_logdir,
        "fetch_trial_dataframes": lambda self: self.trial_dataframes,
    }
    return [
        Patch(ray.air, "Checkpoint", Checkpoint, _AIR),
        *(Patch(Checkpoint, name, value, _AIR) for name, value in of_checkpoint.items()),
        *(Patch(Checkpoint, name, value, _CLASSIC) for name, value in path.items()),
        Patch(Checkpoint, "__fspath__", _local_path, _CLASSIC),
        Patch(Trial, "logdir", property(lambda self: str(self.local_path)), _CLASSIC),
        Patch(ray.tune, "Analysis", ray.tune.ExperimentAnalysis, _CLASSIC),
        *(Patch(ray.tune.ExperimentAnalysis, *new, _CLASSIC) for new in analysis.items()),
    ]


def _from_dict(cls: Callable[..., Any], data: dict[str, Any]) -> Any:
    from ray import cloudpickle

    folder = tempfile.mkdtemp(prefix="dict_checkpoint_")
    Path(folder, _DICTIONARY).write_bytes(cloudpickle.dumps(data))
    checkpoint = cls(folder)
    # What was reported has been copied into the storage by then.
    weakref.finalize(checkpoint, shutil.rmtree, folder, ignore_errors=True)
    return checkpoint


def _to_dict(self: Any) -> dict[str, Any]:
    with self.as_directory() as folder:
        file = Path(folder, _DICTIONARY)
        if not file.exists():
            raise ValueError(
                f"{self} was not made of a dictionary: it has the files"
                f" {sorted(path.name for path in Path(folder).iterdir())};"
                " read them with checkpoint.as_directory()."
            )
        data: dict[str, Any] = pickle.loads(file.read_bytes())  # noqa: S301 - the user's own
    return data


def _uri(self: Any) -> str:
    kind = self.filesystem.type_name
    if kind == "local":
        return f"file://{self.path}"
    return storage_uri(kind, self.path) or f"{kind}://{self.path}"


def _local_path(self: Any) -> str:
    if self.filesystem.type_name == "local":
        return str(self.path)
    return str(self.to_directory())


def _get_best_logdir(
    self: Any, metric: str | None = None, mode: str | None = None, scope: str = "last"
) -> str | None:
    best = self.get_best_trial(metric, mode, scope)
    return str(best.local_path) if best is not None else None
