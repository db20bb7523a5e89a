from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ray.tune.logger import LoggerCallback

from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.settings.api_key import show

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

    from tune_wandb_nb.tracking.driver.trials import TrackedTrial

__all__ = ["TrialHooks"]


class TrialHooks(LoggerCallback):
    """Calls ``log_trial_start`` and the like, which subclasses of Ray's callback override."""

    def log(self, trial: "Trial | str", values: Mapping[str, Any], step: int | None = None) -> None:
        """Add a row to a trial's run, from the driver: numbers, media, texts for the summary.

        For a callback of your own, which sees all trials. The row is written in its turn among the
        results, and not counted in the audit.

        Args:
            trial: Tune's trial, or its id.
            values: What is logged.
            step: The training iteration that the row belongs to; by default the last one.

        Raises:
            ValueError: no trial with this id has started.

        Example:
            >>> from ray import tune
            >>> class Gap(tune.Callback):
            ...     def on_trial_result(self, iteration, trials, trial, result, **info):
            ...         logger.log(trial, {"gap": result["train"] - result["test"]})
        """
        tracked, session = self._tracked(trial), self._live()
        if isinstance(tracked.run, TrialRun):
            session.send(tracked, partial(tracked.rows.added_row, dict(values), step))
        else:
            session.notices.say(
                f"logger.log() adds nothing to {tracked.stats.name}: its own process writes the"
                " run; call wandb.log() in the trial.",
                once="log of a remote trial",
            )

    def run_of(self, trial: "Trial | str") -> Any:
        """Return the open ``wandb.Run`` of a trial, for its summary, config and artifacts.

        None while it is not open, and where the trial's own process writes it. Log rows with `log`,
        which keeps them in order.

        Raises:
            ValueError: no trial with this id has started.
        """
        run = self._tracked(trial).run
        opened = run.open_run if isinstance(run, TrialRun) else None
        return opened.run if opened is not None else None

    def on_trial_start(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        del iteration, info
        session = self._live()
        session.tune_trials = trials
        self.log_trial_start(trial)
        if trial.checkpoint is not None:
            self.log_trial_restore(trial)
        session.notices.flush()

    def _tracked(self, trial: "Trial | str") -> "TrackedTrial":
        trial_id = trial if isinstance(trial, str) else trial.trial_id
        trials = self._live().trials
        tracked = trials.get(trial_id)
        if tracked is None:
            started = [each.stats.trial_id for each in trials.all()]
            raise ValueError(
                f"no trial {show(trial_id)} has started; those that have: {', '.join(started)}."
            )
        return tracked

    def _live(self) -> Session:
        raise NotImplementedError
