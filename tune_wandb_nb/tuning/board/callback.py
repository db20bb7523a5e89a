import sys
import time
from typing import TYPE_CHECKING, Any

from ray.tune.callback import Callback

from tune_wandb_nb.tracking.history.pbt import copied_from
from tune_wandb_nb.tracking.results.checkpoints import storage_uri
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.description import write_description
from tune_wandb_nb.tuning.board.snapshot import STATE_OF

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["BoardCallback"]

_SYNC_EVERY = 1.0
_STARTS_WITHIN = 10.0
"""Seconds. While Ray starts a trial's process, its CPU is taken and nothing runs."""


class BoardCallback(Callback):
    """Pickled without the board."""

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it: see `_HOME` there.

    def __init__(self, board: TrialBoard | None = None) -> None:
        self.board = board or TrialBoard()
        self._to_stop: set[str] = set()
        self._synced = 0.0
        self._in_use_at = 0.0
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

    def setup(self, *_: Any, **info: Any) -> None:
        total = info.get("total_num_samples")
        is_finite = isinstance(total, int) and 0 <= total < sys.maxsize
        self.board.begin(expected=total if is_finite else None)
        self._in_use_at = time.monotonic()

    def on_trial_start(self, *_: Any, trials: list["Trial"], trial: "Trial", **__: Any) -> None:
        self._add(trial)
        self.board.change(trial.trial_id, "running")
        self._in_use_at = time.monotonic()
        source = copied_from(trial, trials)
        if source is not None:
            self.board.copied(trial.trial_id, source)

    def on_trial_result(self, *_: Any, trial: "Trial", result: dict[str, Any], **__: Any) -> None:
        self.board.record(trial.trial_id, result)

    def on_trial_complete(self, *_: Any, trial: "Trial", **__: Any) -> None:
        self._add(trial)
        self.board.change(trial.trial_id, "done")

    def on_trial_error(self, *_: Any, trial: "Trial", **__: Any) -> None:
        """Tune sets the error after this hook."""
        self._add(trial)
        self.board.change(trial.trial_id, "failed")
        self._unexplained.add(trial.trial_id)

    def on_step_end(self, *_: Any, trials: list["Trial"], **__: Any) -> None:
        """For what has no hook: waiting trials, errors, resources."""
        if self._to_stop:
            self._ask_to_stop(trials)
        now = time.monotonic()
        if now - self._synced >= _SYNC_EVERY:
            self._synced = now
            self._sync(trials)
            if used := _used(trials):
                self._in_use_at = now
            is_stuck = now - self._in_use_at > _STARTS_WITHIN
            self.board.describe(_resources(trials, used, is_stuck))

    def on_experiment_end(self, *_: Any, trials: list["Trial"], **__: Any) -> None:
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
            # Tune copies this folder to the storage.
            write_description(self.board.snapshot(), trial.local_experiment_path)

    def _sync(self, trials: list["Trial"]) -> None:
        for trial in trials:
            state = STATE_OF.get(trial.status)
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
                # Every result has this key; the user's own criteria stay in force.
                trial.stopping_criterion = {**trial.stopping_criterion, "training_iteration": 0}
        self._to_stop.clear()


def _used(trials: list["Trial"]) -> dict[str, float]:
    used: dict[str, float] = {}
    for trial in trials:
        if trial.status == "RUNNING":
            for name, amount in trial.placement_group_factory.required_resources.items():
                used[name] = used.get(name, 0.0) + amount
    return used


def _resources(trials: list["Trial"], used: dict[str, float], is_stuck: bool) -> str:
    import ray

    total = ray.cluster_resources()
    waiting = next((trial for trial in trials if trial.status == "PENDING"), None)
    if not used and waiting is not None:
        lacking = _lacking(waiting, total, ray.available_resources() if is_stuck else total)
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
            taken = have - free.get(name, 0.0)
            return f"waiting for {amount:g} {name}: {taken:g} of {have:g} are taken"
    return ""
