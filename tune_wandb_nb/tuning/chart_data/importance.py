from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.axes import MISSING, Axis, param_axes
from tune_wandb_nb.tuning.chart_data.parallel import rated_trials

__all__ = ["ENOUGH_TRIALS", "Importance", "ImportanceData", "importance_data"]

Method: TypeAlias = Literal["random forest", "rank correlation"]

ENOUGH_TRIALS = 20
"""With fewer finished trials the result is preliminary."""

_MIN_TRIALS = 4
_MAX_TRIALS = 400
_TREES = 32


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
    """None while fewer than four trials have finished.

    From a random forest, as in W&B, if scikit-learn is installed; else from the rank correlation,
    or the share of the variance between the groups of a category.
    """
    rated = rated_trials(snapshot, metric, _MAX_TRIALS)
    trials = [trial for trial in rated if trial.state in ("done", "stopped")]
    axes = param_axes(snapshot, trials)
    if len(trials) < _MIN_TRIALS or not axes or metric is None:
        return None
    target = np.array([trial.metrics[metric] for trial in trials])
    columns = [_column(trials, axis) for axis in axes]
    categorical = [axis.kind == "category" for axis in axes]
    shares = _forest_shares(columns, categorical, target) if forest else None
    method: Method = "rank correlation" if shares is None else "random forest"
    if shares is None:
        strengths = [
            # A categorical hyperparameter has no order.
            _between_groups(column, target)
            if by_category
            else abs(_rank_correlation(column, target))
            for column, by_category in zip(columns, categorical, strict=True)
        ]
        shares = np.array(strengths)
    shares = shares / (shares.sum() or 1.0)
    rows = [Importance(axis.name, float(share)) for axis, share in zip(axes, shares, strict=True)]
    return ImportanceData(tuple(sorted(rows, key=lambda row: -row.share)), method, len(trials))


def _column(trials: Sequence[TrialView], axis: Axis) -> Numbers:
    placed = axis.place(trial.params.get(axis.name, MISSING) for trial in trials)
    # Trials without the hyperparameter form a group of their own, below all positions from 0 to 1.
    return np.nan_to_num(placed, nan=-1.0)


def _forest_shares(
    columns: list[Numbers], categorical: list[bool], target: Numbers
) -> Numbers | None:
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return None
    features, owner = [], []
    for index, (column, by_category) in enumerate(zip(columns, categorical, strict=True)):
        parts = [column == value for value in np.unique(column)] if by_category else [column]
        features.extend(parts)
        owner.extend([index] * len(parts))
    forest = RandomForestRegressor(n_estimators=_TREES, min_samples_leaf=2, random_state=0)
    forest.fit(np.column_stack(features), target)
    shares = np.zeros(len(columns))
    np.add.at(shares, owner, forest.feature_importances_)
    return shares


def _rank_correlation(column: Numbers, target: Numbers) -> float:
    x, y = _ranks(column), _ranks(target)
    spread = x.std() * y.std()
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread > 0 else 0.0


def _ranks(values: Numbers) -> Numbers:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Numbers = (ends - (counts - 1) / 2)[inverse]
    return ranks


def _between_groups(column: Numbers, target: Numbers) -> float:
    ranks = _ranks(target)
    total = ranks.var()
    if total == 0:
        return 0.0
    groups = [ranks[column == value] for value in np.unique(column)]
    between = sum(len(group) * (group.mean() - ranks.mean()) ** 2 for group in groups)
    return float(np.sqrt(between / len(ranks) / total))
