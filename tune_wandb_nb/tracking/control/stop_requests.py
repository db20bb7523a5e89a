"""Trials whose runs someone stops on their W&B pages: each ends with its next result."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.runs.run_stats import RunStats

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["StopRequests"]


class StopRequests:
    """Takes stops from wandb's threads, and passes them on to Tune in Tune's own thread."""

    def __init__(self) -> None:
        self._asked: deque[str] = deque()

    def ask(self, trial_id: str) -> None:
        """Ask for the end of a trial; may be called in any thread."""
        self._asked.append(trial_id)

    def pass_on(
        self, trials: list["Trial"], stats_of: Callable[[str], RunStats], notices: Notices
    ) -> None:
        """Have each trial that was asked for end with its next result.

        Scheduler and search algorithm hear of it as of any trial that meets its stop criterion.
        """
        while self._asked:
            trial_id = self._asked.popleft()
            trial = next((each for each in trials if each.trial_id == trial_id), None)
            if trial is None or trial.is_finished():
                continue
            # A new dictionary: all trials of a search may have the same one.
            trial.stopping_criterion = {**trial.stopping_criterion, "training_iteration": 0}
            stats_of(trial_id).stopped_in_wandb = True
            notices.say(f"{trial} was stopped in W&B, and ends with its next result.")
