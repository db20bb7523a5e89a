from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.history.tune_results import RESULTS
from tune_wandb_nb.tracking.results.checkpoints import storage_uri

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["TrialSource"]


@dataclass(frozen=True, slots=True)
class TrialSource:
    """Where Tune keeps a trial's files; empty if unknown."""

    folder: str = ""
    """On this machine, where its results are written."""
    experiment: str = ""
    """The experiment's folder or URI, into which they are copied now and then."""
    earlier: str = ""
    """In a restored search: the folder of the process before."""

    @classmethod
    def of(cls, trial: "Trial", earlier: str = "") -> "TrialSource":
        trial.init_local_path()
        storage = trial.storage
        uri = storage_uri(storage.storage_filesystem.type_name, storage.experiment_fs_path)
        return cls(trial.local_path or "", uri or "", earlier)

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(Path(each, RESULTS) for each in (self.earlier, self.folder) if each)
