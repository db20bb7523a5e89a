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

_DICTIONARY = "dict_checkpoint.pkl"
"""As Tune names what a trainable's ``save_checkpoint`` returns."""


def checkpoint_patches() -> list[Patch]:
    import ray.air
    import ray.tune
    from ray.train import Checkpoint
    from ray.tune.experiment import Trial

    analysis = ray.tune.ExperimentAnalysis
    air: list[tuple[Any, str, Any]] = [
        (ray.air, "Checkpoint", Checkpoint),
        (Checkpoint, "from_dict", classmethod(_from_dict)),
        (Checkpoint, "to_dict", _to_dict),
        (Checkpoint, "from_uri", classmethod(lambda cls, uri: cls(uri))),
        (Checkpoint, "uri", property(_uri)),
    ]
    classic: list[tuple[Any, str, Any]] = [
        (Checkpoint, "value", property(_local_path)),
        (Checkpoint, "dir_or_data", property(_local_path)),
        (Checkpoint, "__fspath__", _local_path),
        (Trial, "logdir", property(lambda self: str(self.local_path))),
        (ray.tune, "Analysis", analysis),
        (analysis, "best_logdir", property(lambda self: str(self.best_trial.local_path))),
        (analysis, "get_best_logdir", _get_best_logdir),
        (analysis, "fetch_trial_dataframes", lambda self: self.trial_dataframes),
    ]
    return [
        *(Patch(*new, Age.RAY_2_0) for new in air),
        *(Patch(*new, Age.RAY_1) for new in classic),
    ]


def _from_dict(cls: Callable[..., Any], data: dict[str, Any]) -> Any:
    from ray import cloudpickle

    folder = tempfile.mkdtemp(prefix="dict_checkpoint_")
    Path(folder, _DICTIONARY).write_bytes(cloudpickle.dumps(data))
    checkpoint = cls(folder)
    # By then it was copied into the storage.
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
