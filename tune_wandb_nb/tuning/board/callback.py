"""`BoardCallback`: Tune's hooks -> `TrialBoard`."""

import sys
import time
from typing import TYPE_CHECKING, Any

from ray.tune.callback import Callback

from tune_wandb_nb.tracking.driver.pbt import copied_from
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import State

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["BoardCallback"]

_SYNC_EVERY = 1.0
_STATE_OF: dict[str, State] = {
    "PENDING": "pending",
    "RUNNING": "running",
    "PAUSED": "paused",
    "TERMINATED": "done",
    "ERROR": "failed",
}


class BoardCallback(Callback):
    """Keeps a board up to date, and can stop single trials.

    It pickles without the board: the copy in Tune's experiment folder is empty.

    Example:
        >>> board = TrialBoard(metric="loss", mode="min")
        >>> run_config = tune.RunConfig(callbacks=[BoardCallback(board)])
    """

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it: see `_HOME` there.

    def __init__(self, board: TrialBoard | None = None) -> None:
        self.board = board or TrialBoard()
        self._to_stop: set[str] = set()
        self._synced = 0.0
        self._unexplained: set[str] = set()

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        del state
        self.__init__()  # type: ignore[misc]

    def stop_trial(self, trial_id: str) -> None:
        """Let a trial end with its next result, as if it had met its stopping criterion."""
        self._to_stop.add(trial_id)

    def setup(self, *args: Any, **info: Any) -> None:
        """Note how many trials there will be."""
        del args
        total = info.get("total_num_samples")
        known = isinstance(total, int) and 0 <= total < sys.maxsize
        self.board.begin(expected=total if known else None)

    def on_trial_start(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        """Note that a trial runs, and whose checkpoint it goes on from."""
        del iteration, info
        self._add(trial)
        self.board.change(trial.trial_id, "running")
        source = copied_from(trial, trials)
        if source is not None:
            self.board.copied(trial.trial_id, source)

    def on_trial_result(
        self,
        iteration: int,
        trials: list["Trial"],
        trial: "Trial",
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        """Record one result."""
        del iteration, trials, info
        self.board.record(trial.trial_id, result)

    def on_trial_complete(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        """Note that a trial is done."""
        del iteration, trials, info
        self._add(trial)
        self.board.change(trial.trial_id, "done")

    def on_trial_error(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        """Note that a trial failed; why is only known a moment later."""
        del iteration, trials, info
        self._add(trial)
        self.board.change(trial.trial_id, "failed")
        self._unexplained.add(trial.trial_id)

    def on_step_end(self, iteration: int, trials: list["Trial"], **info: Any) -> None:
        """Take over what no hook tells: waiting and paused trials, errors, resources."""
        del iteration, info
        if self._to_stop:
            self._ask_to_stop(trials)
        now = time.monotonic()
        if now - self._synced >= _SYNC_EVERY:
            self._synced = now
            self._sync(trials)
            self.board.describe(_resources(trials))

    def on_experiment_end(self, trials: list["Trial"], **info: Any) -> None:
        """Note that the search is over."""
        del info
        self._sync(trials)
        self.board.describe("")
        self.board.end()

    def _add(self, trial: "Trial") -> None:
        self.board.add(trial.trial_id, name=str(trial), params=trial.config)

    def _sync(self, trials: list["Trial"]) -> None:
        for trial in trials:
            state = _STATE_OF.get(trial.status)
            if state in ("pending", "paused"):
                self._add(trial)
                self.board.change(trial.trial_id, state)
            elif trial.trial_id in self._unexplained:
                self._explain(trial)

    def _explain(self, trial: "Trial") -> None:
        error = trial.get_error()
        if error is not None:
            self.board.change(trial.trial_id, "failed", error=str(error))
            self._unexplained.discard(trial.trial_id)

    def _ask_to_stop(self, trials: list["Trial"]) -> None:
        for trial in trials:
            if trial.trial_id in self._to_stop and not trial.is_finished():
                # Every result has this key, so the next one meets the criterion; the user's own
                # criteria and stoppers stay in force.
                trial.stopping_criterion = {**trial.stopping_criterion, "training_iteration": 0}
        self._to_stop.clear()


def _resources(trials: list["Trial"]) -> str:
    import ray

    used: dict[str, float] = {}
    for trial in trials:
        if trial.status == "RUNNING":
            for name, amount in trial.placement_group_factory.required_resources.items():
                used[name] = used.get(name, 0.0) + amount
    there = ray.cluster_resources()
    shown = [name for name in ("CPU", "GPU") if there.get(name)]
    return " · ".join(f"{used.get(name, 0.0):g}/{there[name]:g} {name}" for name in shown)
