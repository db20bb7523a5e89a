import sys
import time
from typing import TYPE_CHECKING, Any

from ray.tune.callback import Callback

from tune_wandb_nb.tracking.history.pbt import copied_from
from tune_wandb_nb.tracking.results.checkpoints import storage_uri
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.description import write_description
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
    """The board is not pickled: the callback in Tune's experiment folder has an empty one."""

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it: see `_HOME` there.

    def __init__(self, board: TrialBoard | None = None) -> None:
        self.board = board or TrialBoard()
        self._to_stop: set[str] = set()
        self._synced = 0.0
        self._unexplained: set[str] = set()
        self._is_described = False

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        del state
        self.__init__()  # type: ignore[misc]

    def stop_trial(self, trial_id: str) -> None:
        """With its next result, as if the trial had met its stopping criterion."""
        self._to_stop.add(trial_id)

    def setup(self, *args: Any, **info: Any) -> None:
        del args
        total = info.get("total_num_samples")
        is_finite = isinstance(total, int) and 0 <= total < sys.maxsize
        self.board.begin(expected=total if is_finite else None)

    def on_trial_start(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
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
        del iteration, trials, info
        self.board.record(trial.trial_id, result)

    def on_trial_complete(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        del iteration, trials, info
        self._add(trial)
        self.board.change(trial.trial_id, "done")

    def on_trial_error(
        self, iteration: int, trials: list["Trial"], trial: "Trial", **info: Any
    ) -> None:
        """Tune sets the error of the trial after this hook."""
        del iteration, trials, info
        self._add(trial)
        self.board.change(trial.trial_id, "failed")
        self._unexplained.add(trial.trial_id)

    def on_step_end(self, iteration: int, trials: list["Trial"], **info: Any) -> None:
        """Waiting trials, errors and resources have no hook."""
        del iteration, info
        if self._to_stop:
            self._ask_to_stop(trials)
        now = time.monotonic()
        if now - self._synced >= _SYNC_EVERY:
            self._synced = now
            self._sync(trials)
            self.board.describe(_resources(trials))

    def on_experiment_end(self, trials: list["Trial"], **info: Any) -> None:
        del info
        self._sync(trials)
        self.board.describe("")
        self.board.end()

    def _add(self, trial: "Trial") -> None:
        storage = trial.storage
        self.board.call_it(storage.experiment_dir_name)
        folder = storage_uri(storage.storage_filesystem.type_name, trial.path or "")
        self.board.add(trial.trial_id, name=str(trial), params=trial.config, folder=folder)
        if not self._is_described:
            self._is_described = True
            # Tune copies what is in this folder to the experiment's storage.
            write_description(self.board.snapshot(), trial.local_experiment_path)

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
                # Every result has this key, so the next result meets the criterion. The user's own
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
    total = ray.cluster_resources()
    waiting = next((trial for trial in trials if trial.status == "PENDING"), None)
    if not used and waiting is not None:
        lacking = _lacking(waiting, total, ray.available_resources())
        if lacking:
            return lacking
    shown = [name for name in ("CPU", "GPU") if total.get(name)]
    return " · ".join(f"{used.get(name, 0.0):g}/{total[name]:g} {name}" for name in shown)


def _lacking(trial: "Trial", total: dict[str, float], free: dict[str, float]) -> str:
    for name, amount in trial.placement_group_factory.required_resources.items():
        have = total.get(name, 0.0)
        if amount > have:
            return (
                f"a trial asks for {amount:g} {name}, but Ray has {have:g}: trials wait for ever."
                " Stop the search; ask for less with tune.with_resources, or give ray.init more."
            )
        if amount > free.get(name, 0.0):
            # By other work of this Ray, or by a trial of this search that is about to run.
            taken = have - free.get(name, 0.0)
            return f"waiting for {amount:g} {name}: {taken:g} of {have:g} are taken"
    return ""
