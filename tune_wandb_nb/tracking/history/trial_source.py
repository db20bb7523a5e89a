from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.history.tune_results import RESULTS
from tune_wandb_nb.tracking.results.checkpoints import storage_uri

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["TrialSource", "copied_from"]


@dataclass(frozen=True, slots=True)
class TrialSource:
    """Where Tune keeps a trial's files; empty where that is unknown."""

    folder: str = ""
    """The trial's folder on this machine, into which its results are written."""
    experiment: str = ""
    """The experiment's folder, or its URI, into which the results are copied now and then."""
    earlier: str = ""
    """In a restored search: the trial's folder of the process before."""

    @classmethod
    def of(cls, trial: "Trial", earlier: str = "") -> "TrialSource":
        trial.init_local_path()
        storage = trial.storage
        uri = storage_uri(storage.storage_filesystem.type_name, storage.experiment_fs_path)
        return cls(trial.local_path or "", uri or "", earlier)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(Path(each, RESULTS) for each in (self.earlier, self.folder) if each)


def copied_from(trial: "Trial", trials: Sequence["Trial"]) -> str | None:
    """Return the id of the other trial in whose folder a trial's checkpoint lies, or None.

    No hook of Tune's reports from which trial population based training has copied another.
    """
    if trial.checkpoint is None:
        return None
    folder = PurePath(trial.checkpoint.path).parent.name
    if folder == PurePath(trial.path or "").name:
        return None
    return next((t.trial_id for t in trials if t.path and PurePath(t.path).name == folder), None)
