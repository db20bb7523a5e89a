from collections.abc import Iterable, Mapping, Sequence
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
    """Return the metrics that no result will have; none where what is reported is unknown."""
    return [m for m in metrics if reported and m not in reported and m not in TUNE_METRICS]


class GrowingTrial:
    """Protected by the lock of the board."""

    __slots__ = (
        *("copied_from", "curves", "error", "error_is_cut", "experiment", "folder", "iteration"),
        *("metrics", "name", "number", "params", "seconds", "spans", "state", "steps", "texts"),
        *("thin", "trial_id", "version", "view"),
    )

    def __init__(self, trial_id: str, name: str, number: int, params: Mapping[str, Any]) -> None:
        self.trial_id = trial_id
        self.name = name
        self.number = number
        self.params = params
        self.state: State = "pending"
        self.metrics: dict[str, float] = {}
        self.texts: dict[str, str] = {}
        self.steps: dict[str, float] = {}
        self.curves: dict[str, GrowingCurve] = {}
        self.spans: tuple[Span, ...] = ()
        self.iteration = 0
        self.seconds = 0.0
        self.error: str | None = None
        self.error_is_cut = False
        self.folder: str | None = None
        self.experiment: str | None = None
        self.copied_from: str | None = None
        self.thin = False
        self.version = 0
        self.view: TrialView | None = None

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
        """The trial's time on a worker begins with "running" and ends with it."""
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
            self.view = TrialView(
                trial_id=self.trial_id,
                name=self.name,
                number=self.number,
                state=self.state,
                params=self.params,
                metrics=MappingProxyType(dict(self.metrics)),
                curves=MappingProxyType({k: c.freeze() for k, c in self.curves.items()}),
                iteration=self.iteration,
                seconds=self.seconds,
                error=self.error,
                error_is_cut=self.error_is_cut,
                texts=MappingProxyType(dict(self.texts)),
                steps=MappingProxyType(dict(self.steps)),
                spans=self.spans,
                folder=self.folder,
                experiment=self.experiment,
                version=self.version,
            )
        return self.view


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Those with the shortest gap, so that there are not too many."""
    kept = list(spans)
    if len(kept) > _MOST_SPANS:
        gaps = [b.start - (a.end or b.start) for a, b in pairwise(kept)]
        at = gaps.index(min(gaps[:-1]))
        first, second = kept[at : at + 2]
        kept[at : at + 2] = [Span(first.start, second.end, second.worker or first.worker)]
    return tuple(kept)
