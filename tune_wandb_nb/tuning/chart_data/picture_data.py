"""What the still picture draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.axes import MISSING, Axis, axis_for, param_axes

__all__ = [
    "CurveData",
    "Line",
    "ParallelData",
    "curve_data",
    "join",
    "parallel_data",
    "rated_trials",
]

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
    """The tuned metric decides which trials are best."""
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
    """Concatenate lines with gaps in between, to be drawn as one path."""
    if not lines:
        return np.zeros(0), np.zeros(0)
    gaps = [(np.append(one.x, one.x[-1]), np.append(one.y, np.nan)) for one in lines]
    xs, ys = (np.concatenate(parts)[:-1] for parts in zip(*gaps, strict=True))
    return xs, ys


@dataclass(frozen=True, slots=True, eq=False)
class ParallelData:
    """A row per trial and a column per axis (the metric last); all values are from 0 to 1."""

    axes: tuple[Axis, ...]
    trials: tuple[TrialView, ...]
    rows: Numbers
    goodness: Numbers


def rated_trials(snapshot: BoardSnapshot, metric: str | None, most: int) -> list[TrialView]:
    """Of too many, a fifth are the best and the others every n-th."""
    rated = [t for t in snapshot.trials if math.isfinite(t.metrics.get(metric or "", math.nan))]
    if len(rated) <= most:
        return rated
    rated_ids = {t.trial_id for t in rated}
    best = [t.trial_id for t in snapshot.ranked() if t.trial_id in rated_ids][: most // 5]
    rest = [t.trial_id for t in rated if t.trial_id not in set(best)]
    every = math.ceil(len(rest) / (most - len(best)))
    chosen_ids = {*best, *rest[::every]}
    return [t for t in rated if t.trial_id in chosen_ids]


def parallel_data(
    snapshot: BoardSnapshot, metric: str | None, *, most: int = 300
) -> ParallelData | None:
    trials = rated_trials(snapshot, metric, most)
    if not trials or metric is None:
        return None
    values = [trial.metrics[metric] for trial in trials]
    axes = (*param_axes(snapshot, trials), axis_for(metric, values))
    columns = [axis.place(t.params.get(axis.name, MISSING) for t in trials) for axis in axes[:-1]]
    placed = axes[-1].place(values)
    is_lower_better = snapshot.mode == "min" and metric == snapshot.metric
    goodness = 1 - placed if is_lower_better else placed
    return ParallelData(axes, tuple(trials), np.column_stack([*columns, placed]), goodness)
