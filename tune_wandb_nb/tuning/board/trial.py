from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tuning.board.curve import GrowingCurve
from tune_wandb_nb.tuning.board.snapshot import Span, State, TrialView

__all__ = ["STEPS", "TUNE_METRICS", "GrowingTrial", "unreported"]

STEPS = ("timesteps_total", "episodes_total")

TUNE_METRICS = frozenset(
    {
        "training_iteration",
        "iterations_since_restore",
        "time_total_s",
        "time_this_iter_s",
        "time_since_restore",
        "timestamp",
        "timesteps_since_restore",
        "warmup_time",
        *STEPS,
    }
)
"""Tune adds them to every result."""

_ERROR_LONGEST = 4000
_TEXT_LONGEST = 300
_MOST_SPANS = 40


def unreported(metrics: Iterable[str], reported: Sequence[str]) -> list[str]:
    """Return the metrics that no result will have; none if ``reported`` is unknown."""
    return [m for m in metrics if reported and m not in reported and m not in TUNE_METRICS]


@dataclass(slots=True, eq=False)
class GrowingTrial:
    """Protected by the lock of the board."""

    trial_id: str
    name: str
    number: int
    params: Mapping[str, Any]
    state: State = "pending"
    metrics: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    curves: dict[str, GrowingCurve] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    iteration: int = 0
    seconds: float = 0.0
    error: str | None = None
    error_is_cut: bool = False
    folder: str | None = None
    experiment: str | None = None
    copied_from: str | None = None
    thin: bool = False
    version: int = 0
    view: TrialView | None = None

    def changed(self) -> None:
        self.version += 1
        self.view = None

    def fail(self, error: str) -> None:
        """The end of an error's text says most."""
        self.error = error[-_ERROR_LONGEST:]
        self.error_is_cut = len(error) > _ERROR_LONGEST

    def set_text(self, name: str, text: str) -> None:
        """Keep the start of a text, which replaces a number of that name."""
        self.texts[name] = text if len(text) <= _TEXT_LONGEST else text[: _TEXT_LONGEST - 1] + "…"
        self.metrics.pop(name, None)

    def move(self, state: State, at: float) -> None:
        is_open = bool(self.spans) and self.spans[-1].end is None
        if state == "running" and not is_open:
            self.spans = _joined((*self.spans, Span(at)))
        elif state != "running" and is_open:
            self._end_span(at)
        self.state = state

    def ran_on(self, worker: str, at: float) -> None:
        if not self.spans or self.spans[-1].end is not None:
            return
        last = self.spans[-1]
        if not last.worker:
            self.spans = (*self.spans[:-1], Span(last.start, None, worker))
        elif last.worker != worker:
            self._end_span(at)
            self.spans = _joined((*self.spans, Span(at, None, worker)))

    def _end_span(self, at: float) -> None:
        last = self.spans[-1]
        self.spans = (*self.spans[:-1], Span(last.start, max(at, last.start), last.worker))

    def freeze(self) -> TrialView:
        """The same object until the trial changes."""
        if self.view is None:
            values = {each.name: getattr(self, each.name) for each in fields(TrialView)}
            for name in ("metrics", "texts", "steps"):
                values[name] = MappingProxyType(dict(values[name]))
            curves = {name: curve.freeze() for name, curve in self.curves.items()}
            self.view = TrialView(**values | {"curves": MappingProxyType(curves)})
        return self.view


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join those with the shortest gap if there are too many."""
    kept = list(spans)
    if len(kept) > _MOST_SPANS:
        gaps = [b.start - (a.end or b.start) for a, b in pairwise(kept)]
        at = gaps.index(min(gaps[:-1]))
        first, second = kept[at : at + 2]
        kept[at : at + 2] = [Span(first.start, second.end, second.worker or first.worker)]
    return tuple(kept)
