from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.driver.remote_trial import RemoteTrial
from tune_wandb_nb.tracking.history.pbt import copied_from
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.rows import Row, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending, output_files
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["TrackedTrial"]


@dataclass(slots=True)
class TrackedTrial:
    run: TrialRun | RemoteTrial
    rows: TrialRows
    stopping: bool = False
    """Whether its last result was marked as done: a scheduler or a criterion stopped it."""
    ended: bool = False
    status: str = ""
    """How it ended."""
    checkpoint: str | None = None
    """The checkpoint that it last started from."""
    checkpoints: CheckpointChoice = field(default_factory=CheckpointChoice)
    source: TrialSource = field(default_factory=TrialSource)

    saved: str | None = None
    logs_output: bool = False

    def is_new(self, checkpoint: str) -> bool:
        is_new, self.saved = checkpoint != self.saved, checkpoint
        return is_new

    def with_output(self, ending: Ending, trial: "Trial") -> Ending:
        """Return an ending with the trial's console output, where that is to be kept.

        Tune writes it on the trial's own machine; from another one nothing can be kept.
        """
        if not self.logs_output:
            return ending
        names = trial.log_to_file or ()
        return replace(ending, files=output_files(trial.storage.trial_working_directory, names))

    @property
    def stats(self) -> RunStats:
        return self.run.stats

    def config_change(self, trial: "Trial", trials: Sequence["Trial"]) -> Callable[[], Row | None]:
        checkpoint = trial.checkpoint.path if trial.checkpoint else None
        source = None
        if checkpoint != self.checkpoint:
            self.checkpoint = checkpoint
            source = copied_from(trial, trials)
        iteration = int((trial.last_result or {}).get("training_iteration", 0))
        config = dict(trial.config)
        return partial(self.rows.change_config, config, source=source, iteration=iteration)

    def state(self) -> dict[str, Any]:
        return {**self.rows.state(), "folder": self.source.folder}
