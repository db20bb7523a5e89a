"""A search and its trials, recorded in one thread and read in another."""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.space.params import ParamType
from tune_wandb_nb.tuning.board.objectives import Metric, Mode, objectives_of
from tune_wandb_nb.tuning.board.records import TrialRecords
from tune_wandb_nb.tuning.board.snapshot import EMPTY, STATES, BoardSnapshot, State

__all__ = ["TrialBoard"]


class TrialBoard:
    """Above ``curves`` (of ``points`` each) the worst finished trials lose theirs.

    Above ``trials`` they are only counted, as are ``metrics``. Times are seconds since the epoch.
    """

    def __init__(
        self,
        metric: Metric = None,
        mode: Mode = None,
        *,
        points: int = 96,
        curves: int = 6_000,
        trials: int = 10_000,
        metrics: int = 64,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._records = TrialRecords(points=points, curves=curves, trials=trials, metrics=metrics)
        self._name = ""
        self._types: Mapping[str, ParamType] = EMPTY
        self._expected: int | None = None
        self._started: float | None = None
        self._ended: float | None = None
        self._error: str | None = None
        self._note = ""
        self._revision = 0
        self._listeners: list[Callable[[], None]] = []
        self._end_listeners: list[Callable[[], None]] = []
        self.judge_by(metric, mode)

    # Recording

    def begin(self, expected: int | None = None, at: float | None = None) -> None:
        with self._lock:
            if self._started is None:
                self._started = self._time(at)
            self._expected = expected
            self._ended = self._error = None
            self._revision += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def on_begin(self, listener: Callable[[], None]) -> None:
        """At once if the search already runs."""
        with self._lock:
            self._listeners.append(listener)
            running = self._started is not None and self._ended is None
        if running:
            listener()

    def on_end(self, listener: Callable[[], None]) -> None:
        self._end_listeners.append(listener)

    def judge_by(self, metric: Metric, mode: Mode) -> None:
        """The first metrics and modes stay; raises SettingsError."""
        objectives = objectives_of(metric, mode)
        with self._lock:
            self._revision += self._records.judge_by(objectives)

    def describe(self, note: str) -> None:
        with self._lock:
            self._revision += note != self._note
            self._note = note

    def call_it(self, name: str) -> None:
        """The first name stays."""
        with self._lock:
            self._revision += not self._name
            self._name = self._name or name

    def use_types(self, types: Mapping[str, ParamType]) -> None:
        if types:
            with self._lock:
                self._types = MappingProxyType({**self._types, **types})
                self._revision += 1

    def add(
        self,
        trial_id: str,
        *,
        name: str,
        params: Mapping[str, Any] = EMPTY,
        folder: str | None = None,
        experiment: str | None = None,
    ) -> None:
        with self._lock:
            if trial_id in self._records.trials:
                return
            trial = self._records.add(trial_id, name, params)
            if trial is not None:
                trial.folder, trial.experiment = folder, experiment
                self._revision += 1

    def record(self, trial_id: str, result: Mapping[str, Any], at: float | None = None) -> None:
        with self._lock:
            self._revision += self._records.record(trial_id, result, self._time(at))

    def change(
        self, trial_id: str, state: State, error: str | None = None, at: float | None = None
    ) -> None:
        with self._lock:
            self._revision += self._records.change(trial_id, state, error, self._time(at))

    def copied(self, trial_id: str, source_id: str) -> None:
        with self._lock:
            trial = self._records.trials.get(trial_id)
            if trial is not None:
                trial.copied_from = source_id

    def end(self, error: str | None = None, at: float | None = None) -> None:
        """Trials that have not finished count as stopped."""
        with self._lock:
            self._ended = self._time(at)
            self._records.stop_unfinished(self._ended)
            self._error = error
            self._revision += 1
        for listener in tuple(self._end_listeners):
            listener()

    # Reading

    @property
    def revision(self) -> int:
        return self._revision

    def snapshot(self) -> BoardSnapshot:
        with self._lock:
            records = self._records
            return BoardSnapshot(
                revision=self._revision,
                name=self._name,
                objectives=records.objectives,
                expected=self._expected,
                started=self._started,
                ended=self._ended,
                now=self._clock(),
                trials=tuple(trial.freeze() for trial in records.trials.values()),
                counts=MappingProxyType({state: records.counts[state] for state in STATES}),
                types=self._types,
                metrics=tuple(records.metrics),
                more_metrics=len(records.more_metrics),
                steps=tuple(records.steps),
                perturbations=tuple(records.perturbations),
                error=self._error,
                note=self._note,
            )

    def _time(self, at: float | None) -> float:
        return self._clock() if at is None else at
