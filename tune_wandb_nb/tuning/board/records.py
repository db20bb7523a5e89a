import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tune_wandb_nb.search_space.space.params import flat_params
from tune_wandb_nb.tracking.results.payload import Excludes, Splitter
from tune_wandb_nb.tuning.board.curve import GrowingCurve
from tune_wandb_nb.tuning.board.objectives import Objective, front_of, score_of
from tune_wandb_nb.tuning.board.snapshot import EMPTY, Perturbation, State
from tune_wandb_nb.tuning.board.trial import STEPS, TUNE_METRICS, GrowingTrial

__all__ = ["TrialRecords"]

_PERTURBATIONS = 2000
_FINISHED: frozenset[State] = frozenset({"done", "failed", "stopped"})
_REDUCED_TO = 0.9
"""At a limit the records shrink to this part of it."""


class TrialRecords:
    """Protected by the lock of the board."""

    def __init__(self, *, points: int, curves: int, trials: int, metrics: int) -> None:
        self._points, self._max_curves = points, curves
        self._max_trials, self._max_metrics = trials, metrics
        self._splitter = Splitter(Excludes())
        self._only_counted: dict[str, State] = {}
        self._curves = 0
        self.trials: dict[str, GrowingTrial] = {}
        self.counts: Counter[State] = Counter()
        self.objectives: tuple[Objective, ...] = ()
        self.metrics: dict[str, None] = {}
        self.more_metrics: set[str] = set()
        self.steps: dict[str, None] = {}
        self.perturbations: deque[Perturbation] = deque(maxlen=_PERTURBATIONS)

    def judge_by(self, objectives: tuple[Objective, ...]) -> bool:
        known = _names(self.objectives)
        if known and known != _names(objectives):
            return False
        if any(objective.mode is not None for objective in self.objectives):
            return False
        self.objectives = objectives
        self.metrics = dict.fromkeys(_names(objectives)) | self.metrics
        return True

    def add(self, trial_id: str, name: str, params: Mapping[str, Any]) -> GrowingTrial | None:
        trial = self.trials.get(trial_id)
        if trial is None and trial_id not in self._only_counted:
            number = len(self.trials) + len(self._only_counted) + 1
            trial = self.trials[trial_id] = GrowingTrial(
                trial_id, name, number, flat_params(params)
            )
            self.counts["pending"] += 1
            self._enforce_limits()
        return trial

    def record(self, trial_id: str, result: Mapping[str, Any], at: float) -> bool:
        """Return whether the trial is kept."""
        payload = self._splitter.split(result)
        numbers = {
            name: float(value)
            for name, value in payload.metrics.items()
            if isinstance(value, int | float)
        }
        config = result.get("config")
        params = flat_params(config) if isinstance(config, Mapping) else EMPTY
        trial = self.add(trial_id, trial_id, params)
        if trial is None:
            return False
        trial.iteration = int(_finite(numbers, "training_iteration", trial.iteration + 1))
        trial.seconds = _finite(numbers, "time_total_s", trial.seconds)
        self._update_params(trial, params)
        if trial.state in ("pending", "paused"):
            self.move(trial, "running", at)
        trial.ran_on(_worker_of(payload.config), at)
        self._record_values(trial, numbers, payload.texts)
        trial.changed()
        self._enforce_limits()
        return True

    def change(self, trial_id: str, state: State, error: str | None, at: float) -> bool:
        """Return whether anything changed that is kept."""
        trial = self.trials.get(trial_id)
        if trial is None:
            if trial_id in self._only_counted:
                self.counts[self._only_counted[trial_id]] -= 1
                self.counts[state] += 1
                self._only_counted[trial_id] = state
            return False
        if not error and state == trial.state:
            return False
        self.move(trial, state, at)
        if error:
            trial.fail(error)
        return True

    def move(self, trial: GrowingTrial, state: State, at: float) -> None:
        self.counts[trial.state] -= 1
        self.counts[state] += 1
        trial.move(state, at)
        trial.changed()

    def stop_unfinished(self, at: float) -> None:
        for trial in self.trials.values():
            if trial.state not in _FINISHED:
                self.move(trial, "stopped", at)

    def _keeps_metric(self, name: str) -> bool:
        if name in self.metrics:
            return True
        if len(self.metrics) < self._max_metrics:
            self.metrics[name] = None
            return True
        if len(self.more_metrics) < self._max_trials:
            self.more_metrics.add(name)
        return False

    def _record_values(
        self, trial: GrowingTrial, numbers: Mapping[str, float], texts: Mapping[str, str]
    ) -> None:
        for name, value in numbers.items():
            if name in STEPS:
                self.steps[name] = None
                trial.steps[name] = value
            elif name in TUNE_METRICS or not self._keeps_metric(name):
                continue
            else:
                trial.metrics[name] = value
                trial.texts.pop(name, None)
            self._extend(trial, name, value)
        for name, text in texts.items():
            if self._keeps_metric(name):
                trial.set_text(name, text)

    def _extend(self, trial: GrowingTrial, name: str, value: float) -> None:
        curve = trial.curves.get(name)
        if curve is None:
            if trial.thin and name not in _names(self.objectives):
                return
            curve = trial.curves[name] = GrowingCurve(self._points)
            self._curves += 1
        curve.append(trial.iteration, trial.seconds, value)

    def _update_params(self, trial: GrowingTrial, params: Mapping[str, Any]) -> None:
        if not params or params == trial.params:
            return
        if trial.metrics:
            source, trial.copied_from = trial.copied_from, None
            self.perturbations.append(
                Perturbation(
                    trial_id=trial.trial_id,
                    iteration=trial.iteration,
                    seconds=trial.seconds,
                    before=trial.params,
                    params=params,
                    copied_from=source,
                )
            )
        trial.params = params

    def _enforce_limits(self) -> None:
        if self._curves > self._max_curves:
            for trial, keep in _thinning_order(self.trials.values(), self.objectives):
                self._curves -= _drop_curves(trial, keep)
                if self._curves <= self._max_curves * _REDUCED_TO:
                    break
        if len(self.trials) > self._max_trials:
            ordered = _worst_first(self.trials.values(), self.objectives)
            for trial in ordered[: int(self._max_trials * (1 - _REDUCED_TO)) + 1]:
                self._curves -= len(trial.curves)
                self._only_counted[trial.trial_id] = trial.state
                del self.trials[trial.trial_id]


def _worst_first(
    trials: Collection[GrowingTrial], objectives: Sequence[Objective]
) -> list[GrowingTrial]:
    """Running trials come last, before them the front."""
    first = objectives[0] if objectives else None
    metric, mode = (first.metric, first.mode) if first else (None, None)
    front = front_of(list(trials), objectives)

    def rank(trial: GrowingTrial) -> tuple[bool, bool, float]:
        is_running = trial.state not in _FINISHED
        return is_running, trial.trial_id in front, score_of(trial.metrics, metric, mode)

    return sorted(trials, key=rank)


def _thinning_order(
    trials: Collection[GrowingTrial], objectives: Sequence[Objective]
) -> Iterator[tuple[GrowingTrial, frozenset[str]]]:
    """The curves of objectives go last."""
    ordered = _worst_first(trials, objectives)
    tuned = frozenset(objective.metric for objective in objectives)
    yield from ((trial, tuned) for trial in ordered)
    yield from ((trial, frozenset()) for trial in ordered)


def _drop_curves(trial: GrowingTrial, keep: frozenset[str]) -> int:
    dropped = [name for name in trial.curves if name not in keep]
    for name in dropped:
        del trial.curves[name]
    if dropped:
        trial.thin = True
        trial.view = None
    return len(dropped)


def _finite(numbers: Mapping[str, float], name: str, otherwise: float) -> float:
    value = numbers.get(name)
    return value if value is not None and math.isfinite(value) else otherwise


def _names(objectives: Iterable[Objective]) -> list[str]:
    return [objective.metric for objective in objectives]


def _worker_of(described: Mapping[str, Any]) -> str:
    node = described.get("node_ip") or described.get("hostname") or ""
    process = described.get("pid")
    return f"{node} {process}".strip() if process is not None else str(node)
