"""What is known of one trial on Tune's thread."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice, storage_uri
from tune_wandb_nb.tracking.results.rows import TrialRows
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["Place", "TrackedTrial"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where Tune keeps a trial's files; empty where it is unknown."""

    folder: str = ""
    """The trial's folder on this machine, into which its results are written."""
    experiment: str = ""
    """The experiment's folder, or its URI, into which they are copied now and then."""

    @classmethod
    def of(cls, trial: "Trial") -> "Place":
        """Ask Tune where a trial's files are."""
        trial.init_local_path()
        storage = trial.storage
        uri = storage_uri(storage.storage_filesystem.type_name, storage.experiment_fs_path)
        return cls(trial.local_path or "", uri or "")


@dataclass(slots=True)
class TrackedTrial:
    """What is known of one trial on Tune's thread."""

    run: TrialRun
    rows: TrialRows
    stopping: bool = False
    """Whether its last result was marked as done: a scheduler or a criterion stopped it."""
    ended: bool = False
    checkpoint: str | None = None
    """The checkpoint that it last started from."""
    checkpoints: CheckpointChoice = field(default_factory=CheckpointChoice)
    place: Place = Place()

    def state(self) -> dict[str, Any]:
        """Return what a restored search must know of it."""
        return {**self.rows.state(), "folder": self.place.folder}
