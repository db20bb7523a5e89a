"""The immutable state of a search at one moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from tune_wandb_nb.tuning.board.curve import Curve

__all__ = ["EMPTY", "STATES", "BoardSnapshot", "Perturbation", "State", "TrialView", "score_of"]

State = Literal["pending", "running", "paused", "done", "failed", "stopped"]
STATES: tuple[State, ...] = ("running", "pending", "paused", "done", "failed", "stopped")
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class TrialView:
    """One trial.

    ``metrics`` holds the last value of each metric, ``curves`` their thinned history (empty for
    trials whose curves were dropped to save memory), ``params`` the flat hyperparameters.
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
    """

    revision: int
    metric: str | None
    mode: str | None
    expected: int | None
    started: float | None
    ended: float | None
    now: float
    trials: tuple[TrialView, ...]
    counts: Mapping[State, int]
    metrics: tuple[str, ...]
    more_metrics: int
    perturbations: tuple[Perturbation, ...]
    error: str | None
    note: str

    @property
    def total(self) -> int:
        """The number of all trials so far."""
        return sum(self.counts.values())

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return (self.ended or self.now) - self.started if self.started is not None else 0.0

    def ranked(self) -> list[TrialView]:
        """Return the trials with a number for the tuned metric, best first.

        The last value of a trial counts, as in ``ResultGrid.get_best_result``. Without a metric and
        a mode no trial is better than another, so the list is empty.
        """
        if not (self.metric and self.mode):
            return []
        scored = [(score_of(t.metrics, self.metric, self.mode), t) for t in self.trials]
        rated = [(score, trial) for score, trial in scored if score > -math.inf]
        return [t for _, t in sorted(rated, key=lambda rated: (-rated[0], rated[1].number))]

    @property
    def best(self) -> TrialView | None:
        """The best trial so far; None without a metric and a mode."""
        return next(iter(self.ranked()), None)


def score_of(metrics: Mapping[str, float], metric: str | None, mode: str | None) -> float:
    """Return a number that is higher for better trials, and -inf for a trial without a value."""
    value = metrics.get(metric, math.nan) if metric else math.nan
    if not math.isfinite(value):
        return -math.inf
    return -value if mode == "min" else value
