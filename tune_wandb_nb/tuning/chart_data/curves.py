from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView

__all__ = ["CurveData", "Line", "curve_data", "join"]

_TOTAL_POINTS = 4_000
_POINTS = (96, 48, 24, 12, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    trial: TrialView
    x: Numbers
    y: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class CurveData:
    metric: str | None
    best: tuple[Line, ...]
    others: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.best, *self.others)


def curve_data(snapshot: BoardSnapshot, metric: str | None, *, best: int = 6) -> CurveData:
    """The tuned metric decides which trials are best, whichever metric is shown."""
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
        curve = trial.curves[name].thinned(points)
        return Line(trial, curve.iterations, curve.values)

    best_lines = tuple(line(trial, max(points, _POINTS[1])) for trial in ranked)
    return CurveData(metric, best_lines, tuple(line(trial) for trial in others))


def join(lines: Sequence[Line]) -> tuple[Numbers, Numbers]:
    """Concatenate lines with gaps in between, so that hundreds are drawn as one path."""
    if not lines:
        return np.zeros(0), np.zeros(0)
    gaps = [(np.append(one.x, one.x[-1]), np.append(one.y, np.nan)) for one in lines]
    xs, ys = (np.concatenate(parts)[:-1] for parts in zip(*gaps, strict=True))
    return xs, ys
