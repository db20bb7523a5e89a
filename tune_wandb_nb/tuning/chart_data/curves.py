"""Conversion of a board snapshot into the curves of one metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from tune_wandb_nb.tuning.board.curve import Curve, Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView

__all__ = ["CurveData", "Line", "Step", "curve_data", "join", "stack"]

Step = Literal["iterations", "seconds"]

_TOTAL_POINTS = 4_000
# Few distinct numbers, so that the cache of thinned curves gets hits.
_POINTS = (96, 48, 24, 12, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One trial's curve."""

    trial: TrialView
    x: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class CurveData:
    """The curves of one metric: the best trials, some others by name, and the unnamed crowd.

    The points per curve decrease with the number of trials, so that a refresh of the chart sends
    little data.
    """

    metric: str | None
    best: tuple[Line, ...]
    others: tuple[Line, ...]
    crowd: tuple[Line, ...]
    has_positive: bool
    missing: int
    """The number of trials that never reported the metric as a number."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """All curves."""
        return (*self.best, *self.others, *self.crowd)


def curve_data(
    snapshot: BoardSnapshot,
    metric: str | None,
    step: Step = "iterations",
    *,
    best: int = 6,
    named: int = 100,
) -> CurveData:
    """Choose and thin the curves to draw.

    The tuned metric decides which trials are best, whichever metric is shown, so that a trial has
    the same colour in all charts. The other trials come newest first.
    """
    name = metric or ""
    drawable = {
        trial.trial_id: trial
        for trial in snapshot.trials
        if name in trial.curves and np.isfinite(trial.curves[name].values).any()
    }
    ranked = [t for t in snapshot.ranked() if t.trial_id in drawable][:best]
    chosen = {trial.trial_id for trial in ranked}
    others = [t for t in reversed(drawable.values()) if t.trial_id not in chosen]
    equal_share = _TOTAL_POINTS // max(len(drawable), 1)
    points = next((p for p in _POINTS if p <= equal_share), _POINTS[-1])

    def line(trial: TrialView, points: int = points) -> Line:
        curve = _thinned(trial.curves[name], points)
        return Line(trial, getattr(curve, step), curve.values)

    lines = [line(trial) for trial in others]
    best_lines = tuple(line(trial, max(points, _POINTS[1])) for trial in ranked)
    return CurveData(
        metric=metric,
        best=best_lines,
        others=tuple(lines[:named]),
        crowd=tuple(lines[named:]),
        has_positive=any((one.y > 0).any() for one in (*best_lines, *lines)),
        missing=len(snapshot.trials) - len(drawable),
    )


@lru_cache(maxsize=2048)
def _thinned(curve: Curve, points: int) -> Curve:
    return curve.thinned(points)


def stack(lines: Sequence[Line], *, log: bool = False) -> tuple[Numbers, Numbers]:
    """Put lines of different lengths into two arrays with one row per line.

    Shorter lines repeat their last point, which draws nothing. The arrays have at least two
    columns, because bqplot takes a single column for one line.
    """
    points = [_points(one, log=log) for one in lines]
    width = max((2, *(len(x) for x, _ in points)))
    xs = np.zeros((len(lines), width))
    ys = np.full((len(lines), width), np.nan)
    for row, (x, y) in enumerate(points):
        xs[row, : len(x)] = x
        ys[row, : len(y)] = y
        if len(x):
            xs[row, len(x) :] = x[-1]
            ys[row, len(y) :] = y[-1]
    return xs, ys


def join(lines: Sequence[Line], *, log: bool = False) -> tuple[Numbers, Numbers]:
    """Concatenate lines with gaps in between, so that the browser draws hundreds as one path."""
    points = [(x, y) for x, y in (_points(one, log=log) for one in lines) if len(x)]
    if not points:
        return np.zeros(0), np.zeros(0)
    gaps = [(np.append(x, x[-1]), np.append(y, np.nan)) for x, y in points]
    xs, ys = (np.concatenate(parts)[:-1] for parts in zip(*gaps, strict=True))
    return xs, ys


def _points(line: Line, *, log: bool) -> tuple[Numbers, Numbers]:
    """Return a line up to its last number, because bqplot cannot label a line that ends in NaN."""
    y = np.where(line.y > 0, line.y, np.nan) if log else line.y
    finite = np.flatnonzero(np.isfinite(y))
    end = int(finite[-1]) + 1 if len(finite) else 0
    return line.x[:end], y[:end]
