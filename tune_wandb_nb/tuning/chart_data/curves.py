"""A board snapshot -> the curves of one metric, ready to draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from tune_wandb_nb.tuning.board.curve import Curve, Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView

__all__ = ["CurveData", "Line", "Step", "curve_data", "join", "stack"]

Step = Literal["iterations", "seconds"]

_POINTS_IN_ALL = 4_000
# In steps, so that what was thinned once can be drawn again.
_POINTS = (96, 48, 24, 12, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One trial's curve."""

    trial: TrialView
    x: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class CurveData:
    """The curves of one metric: the best trials, some others by name, and the crowd.

    The more trials there are the fewer points each gets, so that a refresh stays small.
    """

    metric: str | None
    best: tuple[Line, ...]
    others: tuple[Line, ...]
    crowd: tuple[Line, ...]
    has_positive: bool
    missing: int
    """Trials that never reported the metric as a number."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """All of them."""
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

    The best trials are those of the tuned metric, whichever metric is shown: so the same trial
    has the same colour everywhere. Others come newest first.
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
    fair = _POINTS_IN_ALL // max(len(drawable), 1)
    points = next((p for p in _POINTS if p <= fair), _POINTS[-1])

    def line(trial: TrialView, points: int = points) -> Line:
        curve = _thinned(trial.curves[name], points)
        return Line(trial, getattr(curve, step), curve.values)

    lines = [line(trial) for trial in others]
    top = tuple(line(trial, max(points, _POINTS[1])) for trial in ranked)
    return CurveData(
        metric=metric,
        best=top,
        others=tuple(lines[:named]),
        crowd=tuple(lines[named:]),
        has_positive=any((one.y > 0).any() for one in (*top, *lines)),
        missing=len(snapshot.trials) - len(drawable),
    )


@lru_cache(maxsize=2048)
def _thinned(curve: Curve, points: int) -> Curve:
    return curve.thinned(points)


def stack(lines: Sequence[Line], *, log: bool = False) -> tuple[Numbers, Numbers]:
    """Put lines of different lengths into two arrays of one row a line.

    Shorter ones repeat their last point, which draws nothing. There are two columns at least:
    a chart takes a single column for one line.
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
    """Put lines one after another, with a gap between each: hundreds cost the browser one path."""
    points = [(x, y) for x, y in (_points(one, log=log) for one in lines) if len(x)]
    if not points:
        return np.zeros(0), np.zeros(0)
    gaps = [(np.append(x, x[-1]), np.append(y, np.nan)) for x, y in points]
    xs, ys = (np.concatenate(parts)[:-1] for parts in zip(*gaps, strict=True))
    return xs, ys


def _points(line: Line, *, log: bool) -> tuple[Numbers, Numbers]:
    """Return a line up to its last value: bqplot puts a label there, and fails where none is."""
    y = np.where(line.y > 0, line.y, np.nan) if log else line.y
    seen = np.flatnonzero(np.isfinite(y))
    end = int(seen[-1]) + 1 if len(seen) else 0
    return line.x[:end], y[:end]
