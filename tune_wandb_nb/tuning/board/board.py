"""What is known of every trial of a search: recorded from one thread, read from another."""

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
from tune_wandb_nb.tuning.board.trial import TUNES_METRICS, GrowingTrial

__all__ = ["TrialBoard"]

_ERROR_LONGEST = 4000
_PERTURBATIONS = 2000
_OVER: frozenset[State] = frozenset({"done", "failed", "stopped"})
_ROOM = 0.9


class TrialBoard:
    """Counts all trials and keeps the curves of as many as fit, the best ones always.

    Memory is bounded by ``curves`` (curves of ``points`` points each), ``trials`` and ``metrics``:
    past the first, the worst finished trials give up their curves (those of the tuned metric
    last), past the second they are only counted, past the third a metric is only counted.

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
        self._points, self._most_curves = points, curves
        self._most_trials, self._most_metrics = trials, metrics
        self._clock = clock
        self._splitter = Splitter(Excludes())
        self._trials: dict[str, GrowingTrial] = {}
        self._counts: Counter[State] = Counter()
        self._forgotten: dict[str, State] = {}
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

    # What happens

    def begin(self, expected: int | None = None) -> None:
        """Note that the search starts, or goes on, and how many trials it is to have."""
        with self._lock:
            self._started = self._clock() if self._started is None else self._started
            self._expected = expected
            self._ended = self._error = None
            self._revision += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def on_begin(self, listener: Callable[[], None]) -> None:
        """Call a function whenever the search begins, and at once if it is going on."""
        with self._lock:
            self._listeners.append(listener)
            going_on = self._started is not None and self._ended is None
        if going_on:
            listener()

    def on_end(self, listener: Callable[[], None]) -> None:
        """Call a function whenever the search ends, from the thread that says so."""
        self._end_listeners.append(listener)

    def judge_by(self, metric: str | None, mode: str | None) -> None:
        """Set the tuned metric and its mode where they are not known yet."""
        with self._lock:
            self._mode = self._mode or mode
            if metric and not self._metric:
                self._metric = metric
                self._metrics = {metric: None, **self._metrics}
                self._revision += 1

    def describe(self, note: str) -> None:
        """Keep one line about the search as a whole, such as the resources in use."""
        with self._lock:
            self._note = note
            self._revision += 1

    def add(self, trial_id: str, *, name: str, params: Mapping[str, Any] = EMPTY) -> None:
        """Make a trial known; one that is known already stays as it is."""
        with self._lock:
            self._get(trial_id, name, params)

    def record(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Take one result as Tune reports it."""
        numbers = {
            name: float(value)
            for name, value in self._splitter.split(result).metrics.items()
            if isinstance(value, int | float)
        }
        config = result.get("config")
        params = flat_params(config) if isinstance(config, Mapping) else EMPTY
        with self._lock:
            trial = self._get(trial_id, trial_id, params)
            if trial is None:
                return
            trial.iteration = int(numbers.get("training_iteration", trial.iteration + 1))
            trial.seconds = numbers.get("time_total_s", trial.seconds)
            self._note_params(trial, params)
            self._move(trial, "running" if trial.state in ("pending", "paused") else trial.state)
            for name, value in numbers.items():
                if name not in TUNES_METRICS and self._follows(name):
                    self._extend(trial, name, value)
            self._changed(trial)
            self._make_room()

    def change(self, trial_id: str, state: State, error: str | None = None) -> None:
        """Move a trial to another state; a failed one says why."""
        with self._lock:
            trial = self._trials.get(trial_id)
            if trial is not None:
                self._move(trial, state)
                trial.error = error[-_ERROR_LONGEST:] if error else trial.error
                self._changed(trial)
            elif trial_id in self._forgotten:
                self._recount(trial_id, state)

    def copied(self, trial_id: str, source_id: str) -> None:
        """Note that a trial goes on from another one's checkpoint."""
        with self._lock:
            trial = self._trials.get(trial_id)
            if trial is not None:
                trial.copied_from = source_id

    def end(self, error: str | None = None) -> None:
        """Note that the search is over; trials that had not finished are stopped."""
        with self._lock:
            for trial in self._trials.values():
                if trial.state not in _OVER:
                    self._move(trial, "stopped")
                    self._changed(trial)
            self._ended = self._clock()
            self._error = error
            self._revision += 1
        for listener in tuple(self._end_listeners):
            listener()

    # What is known

    @property
    def revision(self) -> int:
        """A number that grows with every change."""
        return self._revision

    def snapshot(self) -> BoardSnapshot:
        """Return everything as it is now."""
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

    # Under the lock

    def _get(self, trial_id: str, name: str, params: Mapping[str, Any]) -> GrowingTrial | None:
        trial = self._trials.get(trial_id)
        if trial is None and trial_id not in self._forgotten:
            number = len(self._trials) + len(self._forgotten) + 1
            trial = self._trials[trial_id] = GrowingTrial(
                trial_id, name, number, flat_params(params)
            )
            self._counts["pending"] += 1
            self._revision += 1
            self._make_room()
        return trial

    def _changed(self, trial: GrowingTrial) -> None:
        trial.view = None
        self._revision += 1

    def _move(self, trial: GrowingTrial, state: State) -> None:
        self._counts[trial.state] -= 1
        self._counts[state] += 1
        trial.state = state

    def _recount(self, trial_id: str, state: State) -> None:
        self._counts[self._forgotten[trial_id]] -= 1
        self._counts[state] += 1
        self._forgotten[trial_id] = state

    def _follows(self, name: str) -> bool:
        if name in self._metrics:
            return True
        if len(self._metrics) < self._most_metrics:
            self._metrics[name] = None
            return True
        if len(self._more_metrics) < self._most_trials:
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

    def _note_params(self, trial: GrowingTrial, params: Mapping[str, Any]) -> None:
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

    def _make_room(self) -> None:
        if self._curves > self._most_curves:
            for trial, keep in self._to_thin():
                for name in [n for n in trial.curves if n != keep]:
                    del trial.curves[name]
                    self._curves -= 1
                trial.thin = True
                self._changed(trial)
                if self._curves <= self._most_curves * _ROOM:
                    break
        if len(self._trials) > self._most_trials:
            for trial in self._worst_first()[: int(self._most_trials * (1 - _ROOM)) + 1]:
                self._curves -= len(trial.curves)
                self._forgotten[trial.trial_id] = trial.state
                del self._trials[trial.trial_id]

    def _to_thin(self) -> Iterator[tuple[GrowingTrial, str | None]]:
        worst_first = self._worst_first()
        yield from ((trial, self._metric) for trial in worst_first)
        yield from ((trial, None) for trial in worst_first)

    def _worst_first(self) -> list[GrowingTrial]:
        # Trials that run come last: they may yet be the best.
        def rank(trial: GrowingTrial) -> tuple[bool, float]:
            return trial.state not in _OVER, score_of(trial.metrics, self._metric, self._mode)

        return sorted(self._trials.values(), key=rank)
