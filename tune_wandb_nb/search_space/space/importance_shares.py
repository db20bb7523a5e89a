"""How much each hyperparameter says about a metric."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from tune_wandb_nb.search_space.space.params import is_number

__all__ = ["Method", "importance_shares", "most_important"]

Method: TypeAlias = Literal["random forest", "rank correlation"]
Numbers: TypeAlias = npt.NDArray[np.float64]

_TREES = 32
_MIN_TRIALS = 4
_MAX_TRIALS = 400


def importance_shares(
    columns: list[Numbers], categorical: list[bool], target: Numbers, *, forest: bool = True
) -> tuple[Numbers, Method]:
    """Return the share of each hyperparameter in the total importance.

    ``columns`` and ``target`` are values in every trial, those of a category any numbers. The
    random forest is W&B's way, and needs scikit-learn.
    """
    shares = _forest_shares(columns, categorical, target) if forest else None
    method: Method = "rank correlation" if shares is None else "random forest"
    if shares is None:
        strengths = [
            _between_groups(column, target)
            if by_category
            else abs(_rank_correlation(column, target))
            for column, by_category in zip(columns, categorical, strict=True)
        ]
        shares = np.array(strengths)
    return shares / (shares.sum() or 1.0), method


def most_important(
    trials: Sequence[tuple[Mapping[str, Any], float]], names: Sequence[str]
) -> str | None:
    """By rank correlation: the end of a search does not wait for the import of scikit-learn.

    None for fewer than four trials.
    """
    trials = [trial for trial in trials if np.isfinite(trial[1])][:_MAX_TRIALS]
    if len(trials) < _MIN_TRIALS or not names:
        return None
    columns, categorical = [], []
    for name in names:
        values = [params.get(name) for params, _ in trials]
        is_category = not all(map(is_number, values))
        known = sorted(set(map(repr, values)))
        numbers = [known.index(repr(value)) for value in values] if is_category else values
        columns.append(np.array(numbers, dtype=np.float64))
        categorical.append(is_category)
    target = np.array([value for _, value in trials], dtype=np.float64)
    shares, _ = importance_shares(columns, categorical, target, forest=False)
    best = int(shares.argmax())
    return names[best] if shares[best] > 0 else None


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
    """Return the share of the variance between the groups of a category, which have no order."""
    ranks = _ranks(target)
    total = ranks.var()
    if total == 0:
        return 0.0
    groups = [ranks[column == value] for value in np.unique(column)]
    between = sum(len(group) * (group.mean() - ranks.mean()) ** 2 for group in groups)
    return float(np.sqrt(between / len(ranks) / total))
