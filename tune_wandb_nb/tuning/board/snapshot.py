import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from tune_wandb_nb.search_space.space.params import ParamType
from tune_wandb_nb.tuning.board.curve import Curve
from tune_wandb_nb.tuning.board.objectives import Objective, front_of, score_of

__all__ = [
    "EMPTY",
    "STATES",
    "STATE_OF",
    "BoardSnapshot",
    "Perturbation",
    "Span",
    "State",
    "TrialView",
]

State = Literal["pending", "running", "paused", "done", "failed", "stopped"]
STATES: tuple[State, ...] = ("running", "pending", "paused", "done", "failed", "stopped")
STATE_OF: Mapping[str, State] = {
    "PENDING": "pending",
    "RUNNING": "running",
    "PAUSED": "paused",
    "TERMINATED": "done",
    "ERROR": "failed",
}
"""By Tune's status."""
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Span:
    """``worker`` is the node and the process; empty until the first result."""

    start: float
    end: float | None = None
    worker: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TrialView:
    """``metrics`` and ``texts`` hold the last values, ``steps`` those of Tune's counters."""

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
    """Stays when curves are dropped."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    trial_id: str
    iteration: int
    seconds: float
    before: Mapping[str, Any]
    params: Mapping[str, Any]
    copied_from: str | None


@dataclass(frozen=True, slots=True, eq=False)
class BoardSnapshot:
    """``trials`` are those that the board keeps; ``counts`` are of all."""

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
        """Of several objectives the first, as `mode`."""
        return self.objectives[0].metric if self.objectives else None

    @property
    def mode(self) -> str | None:
        return self.objectives[0].mode if self.objectives else None

    @property
    def shown_metric(self) -> str | None:
        """The tuned metric, else the first."""
        return self.metric or next(iter(self.metrics), None)

    @property
    def is_running(self) -> bool:
        return self.started is not None and self.ended is None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def elapsed(self) -> float:
        return (self.ended or self.now) - self.started if self.started is not None else 0.0

    def front(self) -> frozenset[str]:
        return front_of(self.trials, self.objectives)

    def ranked(self) -> list[TrialView]:
        """By the last value, those on the Pareto front first; empty without metric and mode."""
        if not (self.metric and self.mode):
            return []
        front = self.front()
        scored = [(score_of(t.metrics, self.metric, self.mode), t) for t in self.trials]
        rated = [(score, trial) for score, trial in scored if score > -math.inf]
        rated.sort(key=lambda rated: (rated[1].trial_id not in front, -rated[0], rated[1].number))
        return [trial for _, trial in rated]

    @property
    def best(self) -> TrialView | None:
        return next(iter(self.ranked()), None)
