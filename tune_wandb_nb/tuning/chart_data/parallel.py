"""A board snapshot -> parallel coordinates and a scatter of hyperparameters and one metric."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.axes import MISSING, Axis, axis_for, param_axes

__all__ = ["ParallelData", "ScatterData", "parallel_data", "rated_trials", "scatter_data"]


@dataclass(frozen=True, slots=True, eq=False)
class ParallelData:
    """One row a trial, one column an axis (the metric last), each between 0 and 1.

    ``goodness`` colours the rows: 1 is the best end of the metric (its larger one where nobody
    said what is best).
    """

    axes: tuple[Axis, ...]
    trials: tuple[TrialView, ...]
    rows: Numbers
    goodness: Numbers
    left_out: int


@dataclass(frozen=True, slots=True, eq=False)
class ScatterData:
    """One point a trial: a hyperparameter's place and the metric's value."""

    axis: Axis
    trials: tuple[TrialView, ...]
    x: Numbers
    y: Numbers
    goodness: Numbers


def rated_trials(
    snapshot: BoardSnapshot, metric: str | None, most: int
) -> tuple[list[TrialView], int]:
    """Return trials with a number for the metric, and how many of these were left out.

    Past ``most`` the best fifth stays and of the rest every n-th, so that the picture keeps the
    proportions of the whole.
    """
    rated = [t for t in snapshot.trials if math.isfinite(t.metrics.get(metric or "", math.nan))]
    if len(rated) <= most:
        return rated, 0
    known = {t.trial_id for t in rated}
    best = [t.trial_id for t in snapshot.ranked() if t.trial_id in known][: most // 5]
    rest = [t.trial_id for t in rated if t.trial_id not in set(best)]
    every = math.ceil(len(rest) / (most - len(best)))
    kept = {*best, *rest[::every]}
    chosen = [t for t in rated if t.trial_id in kept]
    return chosen, len(rated) - len(chosen)


def parallel_data(
    snapshot: BoardSnapshot, metric: str | None, *, log: Iterable[str] = (), most: int = 300
) -> ParallelData | None:
    """Lay trials over their axes; None while no trial has the metric."""
    trials, left_out = rated_trials(snapshot, metric, most)
    if not trials or metric is None:
        return None
    values = [trial.metrics[metric] for trial in trials]
    axes = (*param_axes(snapshot, trials, log=log), axis_for(metric, values))
    columns = [axis.place(t.params.get(axis.name, MISSING) for t in trials) for axis in axes[:-1]]
    columns.append(axes[-1].place(values))
    goodness = _goodness(snapshot, metric, axes[-1], values)
    return ParallelData(axes, tuple(trials), np.column_stack(columns), goodness, left_out)


def scatter_data(
    snapshot: BoardSnapshot,
    metric: str | None,
    param: str | None,
    *,
    log: Iterable[str] = (),
    most: int = 500,
) -> ScatterData | None:
    """Place trials by one hyperparameter and the metric; None while there is nothing to place."""
    trials, _ = rated_trials(snapshot, metric, most)
    trials = [trial for trial in trials if param in trial.params]
    if not trials or metric is None or param is None:
        return None
    given = [trial.params[param] for trial in trials]
    axis = axis_for(param, given, log=True if param in set(log) else None)
    values = [trial.metrics[metric] for trial in trials]
    goodness = _goodness(snapshot, metric, axis_for(metric, values), values)
    return ScatterData(axis, tuple(trials), axis.place(given), np.array(values), goodness)


def _goodness(snapshot: BoardSnapshot, metric: str, axis: Axis, values: list[float]) -> Numbers:
    placed = axis.place(values)
    return 1 - placed if snapshot.mode == "min" and metric == snapshot.metric else placed
