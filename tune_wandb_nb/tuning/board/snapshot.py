"""The immutable state of a search at one moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from tune_wandb_nb.search_space.space.param_types import ParamType
from tune_wandb_nb.tuning.board.curve import Curve
from tune_wandb_nb.tuning.board.objectives import Objective, front_of, score_of

__all__ = ["EMPTY", "STATES", "BoardSnapshot", "Perturbation", "Span", "State", "TrialView"]

State = Literal["pending", "running", "paused", "done", "failed", "stopped"]
STATES: tuple[State, ...] = ("running", "pending", "paused", "done", "failed", "stopped")
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a trial ran, in seconds since the epoch; the end is None while it runs.

    ``worker`` is the node and the process that ran the trial; empty until the first result.
    """

    start: float
    end: float | None = None
    worker: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TrialView:
    """One trial.

    ``metrics`` holds the last value of each metric that is a number, ``texts`` of those that are
    text, ``steps`` of Tune's counters. ``curves`` are the thinned histories of metrics and steps
    (empty for trials whose curves were dropped to save memory), ``params`` the flat
    hyperparameters, ``folder`` is where Tune keeps the trial's files.
    """

    trial_id: str
    name: str
    number: int
    state: State
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    curves: Mapping[str, Curve]
    iteration: int
    seconds: float
    error: str | None
    error_is_cut: bool = False
    texts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    steps: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    spans: tuple[Span, ...] = ()
    folder: str | None = None
    experiment: str | None = None
    version: int = 0
    """Grows with every change, but not when curves are dropped."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A change of the hyperparameters of a running trial, as in population based training."""

    trial_id: str
    iteration: int
    seconds: float
    before: Mapping[str, Any]
    params: Mapping[str, Any]
    copied_from: str | None


@dataclass(frozen=True, slots=True, eq=False)
class BoardSnapshot:
    """The whole search.

    ``trials`` are the trials that the board keeps, in the order of their start; ``counts`` includes
    the trials that it has dropped. ``expected`` is the planned number of trials, None if unknown.
    ``types`` are those of the hyperparameters that a search space describes.
    """

    revision: int
    name: str
    objectives: tuple[Objective, ...]
    expected: int | None
    started: float | None
    ended: float | None
    now: float
    trials: tuple[TrialView, ...]
    counts: Mapping[State, int]
    types: Mapping[str, ParamType]
    metrics: tuple[str, ...]
    more_metrics: int
    steps: tuple[str, ...]
    perturbations: tuple[Perturbation, ...]
    error: str | None
    note: str

    @property
    def metric(self) -> str | None:
        """The tuned metric, of several objectives the first."""
        return self.objectives[0].metric if self.objectives else None

    @property
    def mode(self) -> str | None:
        """The mode of the tuned metric."""
        return self.objectives[0].mode if self.objectives else None

    @property
    def total(self) -> int:
        """The number of all trials so far."""
        return sum(self.counts.values())

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return (self.ended or self.now) - self.started if self.started is not None else 0.0

    def front(self) -> frozenset[str]:
        """Return the ids of the trials on the Pareto front; empty without several objectives."""
        return front_of(self.trials, self.objectives)

    def ranked(self) -> list[TrialView]:
        """Return the trials with a number for the tuned metric, best first.

        The last value of a trial counts, as in ``ResultGrid.get_best_result``. With several
        objectives the trials on the Pareto front come first. Without a metric and a mode no trial
        is better than another, so the list is empty.
        """
        if not (self.metric and self.mode):
            return []
        front = self.front()
        scored = [(score_of(t.metrics, self.metric, self.mode), t) for t in self.trials]
        rated = [(score, trial) for score, trial in scored if score > -math.inf]
        rated.sort(key=lambda rated: (rated[1].trial_id not in front, -rated[0], rated[1].number))
        return [trial for _, trial in rated]

    @property
    def best(self) -> TrialView | None:
        """The best trial so far; None without a metric and a mode."""
        return next(iter(self.ranked()), None)
