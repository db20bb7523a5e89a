"""The state of every trial of a search, recorded in one thread and read in another."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tracking.results.payload import Excludes, Splitter
from tune_wandb_nb.tuning.board.curve import GrowingCurve
from tune_wandb_nb.tuning.board.params import flat_params
from tune_wandb_nb.tuning.board.snapshot import (
    EMPTY,
    STATES,
    BoardSnapshot,
    Perturbation,
    State,
    score_of,
)
from tune_wandb_nb.tuning.board.trial import TUNE_METRICS, GrowingTrial

__all__ = ["TrialBoard"]

_ERROR_LONGEST = 4000
_PERTURBATIONS = 2000
_FINISHED: frozenset[State] = frozenset({"done", "failed", "stopped"})
# At a limit the board shrinks to this part of it, so that the next results find space.
_REDUCED_TO = 0.9


class TrialBoard:
    """Counts all trials, and keeps the curves of as many trials as fit, preferably the best.

    Memory is bounded: above ``curves`` (of ``points`` points each) the worst finished trials lose
    their curves, that of the tuned metric last; above ``trials`` the worst finished trials are only
    counted; above ``metrics`` further metrics are only counted.

    Example:
        >>> board = TrialBoard(metric="loss", mode="min")
        >>> board.add("t1", name="train_1", params={"lr": 0.1})
        >>> board.record("t1", {"training_iteration": 1, "time_total_s": 2.0, "loss": 0.5})
        >>> board.snapshot().best.metrics["loss"]
        0.5
    """

    def __init__(
        self,
        metric: str | None = None,
        mode: str | None = None,
        *,
        points: int = 96,
        curves: int = 6_000,
        trials: int = 10_000,
        metrics: int = 64,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lock = threading.Lock()
        self._metric, self._mode = metric, mode
        self._points, self._max_curves = points, curves
        self._max_trials, self._max_metrics = trials, metrics
        self._clock = clock
        self._splitter = Splitter(Excludes())
        self._trials: dict[str, GrowingTrial] = {}
        self._counts: Counter[State] = Counter()
        self._only_counted: dict[str, State] = {}
        self._metrics: dict[str, None] = {metric: None} if metric else {}
        self._more_metrics: set[str] = set()
        self._curves = 0
        self._perturbations: deque[Perturbation] = deque(maxlen=_PERTURBATIONS)
        self._expected: int | None = None
        self._started: float | None = None
        self._ended: float | None = None
        self._error: str | None = None
        self._note = ""
        self._revision = 0
        self._listeners: list[Callable[[], None]] = []
        self._end_listeners: list[Callable[[], None]] = []

    # Recording

    def begin(self, expected: int | None = None) -> None:
        """Record that the search starts or resumes, and the number of trials it will have."""
        with self._lock:
            self._started = self._clock() if self._started is None else self._started
            self._expected = expected
            self._ended = self._error = None
            self._revision += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def on_begin(self, listener: Callable[[], None]) -> None:
        """Call a function whenever the search begins, and at once if the search already runs."""
        with self._lock:
            self._listeners.append(listener)
            running = self._started is not None and self._ended is None
        if running:
            listener()

    def on_end(self, listener: Callable[[], None]) -> None:
        """Call a function whenever the search ends, in the thread that calls `end`."""
        self._end_listeners.append(listener)

    def judge_by(self, metric: str | None, mode: str | None) -> None:
        """Set the tuned metric and its mode unless they are set already."""
        with self._lock:
            self._mode = self._mode or mode
            if metric and not self._metric:
                self._metric = metric
                self._metrics = {metric: None, **self._metrics}
                self._revision += 1

    def describe(self, note: str) -> None:
        """Set the line of text about the whole search, such as the resources in use."""
        with self._lock:
            self._note = note
            self._revision += 1

    def add(self, trial_id: str, *, name: str, params: Mapping[str, Any] = EMPTY) -> None:
        """Add a trial; a trial that exists already does not change."""
        with self._lock:
            self._get_or_add(trial_id, name, params)

    def record(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Record one result in the form in which Tune reports it."""
        numbers = {
            name: float(value)
            for name, value in self._splitter.split(result).metrics.items()
            if isinstance(value, int | float)
        }
        config = result.get("config")
        params = flat_params(config) if isinstance(config, Mapping) else EMPTY
        with self._lock:
            trial = self._get_or_add(trial_id, trial_id, params)
            if trial is None:
                return
            trial.iteration = int(numbers.get("training_iteration", trial.iteration + 1))
            trial.seconds = numbers.get("time_total_s", trial.seconds)
            self._update_params(trial, params)
            self._move(trial, "running" if trial.state in ("pending", "paused") else trial.state)
            for name, value in numbers.items():
                if name not in TUNE_METRICS and self._keeps_metric(name):
                    self._extend(trial, name, value)
            self._changed(trial)
            self._enforce_limits()

    def change(self, trial_id: str, state: State, error: str | None = None) -> None:
        """Set the state of a trial, and the error of a failed one."""
        with self._lock:
            trial = self._trials.get(trial_id)
            if trial is not None:
                self._move(trial, state)
                trial.error = error[-_ERROR_LONGEST:] if error else trial.error
                self._changed(trial)
            elif trial_id in self._only_counted:
                self._recount(trial_id, state)

    def copied(self, trial_id: str, source_id: str) -> None:
        """Record that a trial continues from the checkpoint of another trial."""
        with self._lock:
            trial = self._trials.get(trial_id)
            if trial is not None:
                trial.copied_from = source_id

    def end(self, error: str | None = None) -> None:
        """Record the end of the search; trials that have not finished count as stopped."""
        with self._lock:
            for trial in self._trials.values():
                if trial.state not in _FINISHED:
                    self._move(trial, "stopped")
                    self._changed(trial)
            self._ended = self._clock()
            self._error = error
            self._revision += 1
        for listener in tuple(self._end_listeners):
            listener()

    # Reading

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._revision

    def snapshot(self) -> BoardSnapshot:
        """Return the current state of the whole search."""
        with self._lock:
            return BoardSnapshot(
                revision=self._revision,
                metric=self._metric,
                mode=self._mode,
                expected=self._expected,
                started=self._started,
                ended=self._ended,
                now=self._clock(),
                trials=tuple(trial.freeze() for trial in self._trials.values()),
                counts=MappingProxyType({state: self._counts[state] for state in STATES}),
                metrics=tuple(self._metrics),
                more_metrics=len(self._more_metrics),
                perturbations=tuple(self._perturbations),
                error=self._error,
                note=self._note,
            )

    # With the lock held

    def _get_or_add(
        self, trial_id: str, name: str, params: Mapping[str, Any]
    ) -> GrowingTrial | None:
        trial = self._trials.get(trial_id)
        if trial is None and trial_id not in self._only_counted:
            number = len(self._trials) + len(self._only_counted) + 1
            trial = self._trials[trial_id] = GrowingTrial(
                trial_id, name, number, flat_params(params)
            )
            self._counts["pending"] += 1
            self._revision += 1
            self._enforce_limits()
        return trial

    def _changed(self, trial: GrowingTrial) -> None:
        trial.view = None
        self._revision += 1

    def _move(self, trial: GrowingTrial, state: State) -> None:
        self._counts[trial.state] -= 1
        self._counts[state] += 1
        trial.state = state

    def _recount(self, trial_id: str, state: State) -> None:
        self._counts[self._only_counted[trial_id]] -= 1
        self._counts[state] += 1
        self._only_counted[trial_id] = state

    def _keeps_metric(self, name: str) -> bool:
        if name in self._metrics:
            return True
        if len(self._metrics) < self._max_metrics:
            self._metrics[name] = None
            return True
        if len(self._more_metrics) < self._max_trials:
            self._more_metrics.add(name)
        return False

    def _extend(self, trial: GrowingTrial, name: str, value: float) -> None:
        trial.metrics[name] = value
        curve = trial.curves.get(name)
        if curve is None:
            if trial.thin and name != self._metric:
                return
            curve = trial.curves[name] = GrowingCurve(self._points)
            self._curves += 1
        curve.append(trial.iteration, trial.seconds, value)

    def _update_params(self, trial: GrowingTrial, params: Mapping[str, Any]) -> None:
        if not params or params == trial.params:
            return
        if trial.metrics:
            source, trial.copied_from = trial.copied_from, None
            self._perturbations.append(
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
            for trial, keep in self._thinning_order():
                for name in [n for n in trial.curves if n != keep]:
                    del trial.curves[name]
                    self._curves -= 1
                trial.thin = True
                self._changed(trial)
                if self._curves <= self._max_curves * _REDUCED_TO:
                    break
        if len(self._trials) > self._max_trials:
            for trial in self._worst_first()[: int(self._max_trials * (1 - _REDUCED_TO)) + 1]:
                self._curves -= len(trial.curves)
                self._only_counted[trial.trial_id] = trial.state
                del self._trials[trial.trial_id]

    def _thinning_order(self) -> Iterator[tuple[GrowingTrial, str | None]]:
        worst_first = self._worst_first()
        yield from ((trial, self._metric) for trial in worst_first)
        yield from ((trial, None) for trial in worst_first)

    def _worst_first(self) -> list[GrowingTrial]:
        # Running trials come last, because they may still become the best.
        def rank(trial: GrowingTrial) -> tuple[bool, float]:
            return trial.state not in _FINISHED, score_of(trial.metrics, self._metric, self._mode)

        return sorted(self._trials.values(), key=rank)
