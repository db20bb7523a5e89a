from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.runs.run_stats import RunStats

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["StopRequests"]


class StopRequests:
    """Takes stops of runs from wandb's threads, and passes them on in Tune's thread."""

    def __init__(self) -> None:
        self._asked: deque[str] = deque()

    def ask(self, trial_id: str) -> None:
        self._asked.append(trial_id)

    def pass_on(
        self, trials: list["Trial"], stats_of: Callable[[str], RunStats], notices: Notices
    ) -> None:
        """Have each trial end with its next result, as if it met its stop criterion."""
        while self._asked:
            trial_id = self._asked.popleft()
            trial = next((each for each in trials if each.trial_id == trial_id), None)
            if trial is None or trial.is_finished():
                continue
            # All trials of a search may share the dictionary.
            trial.stopping_criterion = {**trial.stopping_criterion, "training_iteration": 0}
            stats_of(trial_id).stopped_in_wandb = True
            notices.say(f"{trial} was stopped in W&B, and ends with its next result.")
