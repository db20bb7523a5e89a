import math
from dataclasses import dataclass

import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.axes import MISSING, Axis, axis_for, param_axes

__all__ = ["ParallelData", "parallel_data", "rated_trials"]


@dataclass(frozen=True, slots=True, eq=False)
class ParallelData:
    """A row per trial and a column per axis (the metric last), from 0 to 1.

    ``goodness`` 1 is the best value, or the largest without a mode.
    """

    axes: tuple[Axis, ...]
    trials: tuple[TrialView, ...]
    rows: Numbers
    goodness: Numbers


def rated_trials(snapshot: BoardSnapshot, metric: str | None, most: int) -> list[TrialView]:
    """Of too many, a fifth are the best and the others every n-th, which keeps the proportions."""
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
    columns.append(axes[-1].place(values))
    goodness = _goodness(snapshot, metric, axes[-1], values)
    return ParallelData(axes, tuple(trials), np.column_stack(columns), goodness)


def _goodness(snapshot: BoardSnapshot, metric: str, axis: Axis, values: list[float]) -> Numbers:
    placed = axis.place(values)
    return 1 - placed if snapshot.mode == "min" and metric == snapshot.metric else placed
