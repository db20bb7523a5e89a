from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tune_wandb_nb.search_space.space.importance_shares import Method, importance_shares
from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.axes import MISSING, Axis, param_axes
from tune_wandb_nb.tuning.chart_data.picture_data import rated_trials

__all__ = ["ENOUGH_TRIALS", "Importance", "ImportanceData", "importance_data"]

ENOUGH_TRIALS = 20
"""With fewer trials the result is preliminary."""

_MIN_TRIALS = 4
_MAX_TRIALS = 400


@dataclass(frozen=True, slots=True)
class Importance:
    name: str
    share: float


@dataclass(frozen=True, slots=True)
class ImportanceData:
    rows: tuple[Importance, ...]
    method: Method
    trials: int

    @property
    def preliminary(self) -> bool:
        return self.trials < ENOUGH_TRIALS


def importance_data(
    snapshot: BoardSnapshot, metric: str | None, *, forest: bool = True
) -> ImportanceData | None:
    """None while fewer than four trials have finished."""
    rated = rated_trials(snapshot, metric, _MAX_TRIALS)
    trials = [trial for trial in rated if trial.state in ("done", "stopped")]
    axes = param_axes(snapshot, trials)
    if len(trials) < _MIN_TRIALS or not axes or metric is None:
        return None
    target = np.array([trial.metrics[metric] for trial in trials])
    columns = [_column(trials, axis) for axis in axes]
    categorical = [axis.kind == "category" for axis in axes]
    shares, method = importance_shares(columns, categorical, target, forest=forest)
    rows = [Importance(axis.name, float(share)) for axis, share in zip(axes, shares, strict=True)]
    return ImportanceData(tuple(sorted(rows, key=lambda row: -row.share)), method, len(trials))


def _column(trials: Sequence[TrialView], axis: Axis) -> Numbers:
    placed = axis.place(trial.params.get(axis.name, MISSING) for trial in trials)
    # Trials without the hyperparameter are a group of their own, below 0 to 1.
    return np.nan_to_num(placed, nan=-1.0)
