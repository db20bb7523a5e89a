"""What Tune's thread holds of one trial."""

from dataclasses import dataclass, field
from typing import Any

from tune_wandb_nb.tracking.driver.remote_trial import RemoteTrial
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.rows import TrialRows
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

__all__ = ["TrackedTrial"]


@dataclass(slots=True)
class TrackedTrial:
    """One trial on Tune's thread: its run, its rows, and where Tune keeps its files."""

    run: TrialRun | RemoteTrial
    rows: TrialRows
    stopping: bool = False
    """Whether its last result was marked as done: a scheduler or a criterion stopped it."""
    ended: bool = False
    checkpoint: str | None = None
    """The checkpoint that it last started from."""
    checkpoints: CheckpointChoice = field(default_factory=CheckpointChoice)
    source: TrialSource = field(default_factory=TrialSource)

    @property
    def stats(self) -> RunStats:
        """The counts of its run."""
        return self.run.stats

    def state(self) -> dict[str, Any]:
        """Return what a restored search needs to go on with the trial."""
        return {**self.rows.state(), "folder": self.source.folder}
