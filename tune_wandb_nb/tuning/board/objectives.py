"""What a search optimizes: one or several metrics."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.curve import Numbers

__all__ = ["Metric", "Mode", "Objective", "front_of", "objectives_of", "score_of"]

Metric: TypeAlias = str | Sequence[str] | None
Mode: TypeAlias = str | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Objective:
    """``mode`` is None if only the metric is known."""

    metric: str
    mode: Literal["min", "max"] | None = None


def objectives_of(metric: Metric, mode: Mode) -> tuple[Objective, ...]:
    """Raises SettingsError."""
    metrics, modes = _listed("metric", metric), _listed("mode", mode)
    for each in modes:
        if each not in ("min", "max"):
            raise SettingsError(f"mode must be 'min' or 'max', but it is {each!r:.80}.")
    if len(set(metrics)) < len(metrics):
        raise SettingsError(f"each metric must be named once, but got {', '.join(metrics):.200}.")
    if not metrics or not modes:
        return tuple(Objective(name) for name in metrics)
    if len(metrics) != len(modes):
        raise SettingsError(
            f"each metric needs a mode, but there are {_counted(metrics, 'metric')} and"
            f' {_counted(modes, "mode")}; write mode=["{modes[0]}", ...].'
        )
    pairs = zip(metrics, modes, strict=True)
    return tuple(Objective(name, cast("Literal['min', 'max']", each)) for name, each in pairs)


def score_of(metrics: Mapping[str, float], metric: str | None, mode: str | None) -> float:
    """Higher for better trials, -inf for a trial without a value."""
    value = metrics.get(metric, math.nan) if metric else math.nan
    if not math.isfinite(value):
        return -math.inf
    return -value if mode == "min" else value


def front_of(trials: Sequence[Any], objectives: Sequence[Objective]) -> frozenset[str]:
    """Ids of those that no other beats: as good in all objectives and better in one."""
    if len(objectives) < 2:  # noqa: PLR2004 - one objective has a best trial, not a front
        return frozenset()
    rated = np.array(
        [[score_of(t.metrics, o.metric, o.mode) for o in objectives] for t in trials]
    ).reshape(len(trials), len(objectives))
    complete = np.flatnonzero(np.isfinite(rated).all(axis=1))
    return frozenset(trials[i].trial_id for i in complete[_undominated(rated[complete])])


def _undominated(scores: Numbers) -> Any:
    kept = np.arange(len(scores))
    at = 0
    while at < len(scores):
        # What `at` dominates is left out, so that the loop runs once for each trial of the front.
        stays = (scores > scores[at]).any(axis=1) | (scores == scores[at]).all(axis=1)
        kept, scores = kept[stays], scores[stays]
        at = int(stays[:at].sum()) + 1
    return kept


def _listed(name: str, given: object) -> list[str]:
    if given is None:
        return []
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, Sequence) or not all(isinstance(n, str) and n for n in listed):
        raise SettingsError(f"{name} must be a name or a list of names, but it is {given!r:.80}.")
    return list(listed)


def _counted(names: Sequence[str], what: str) -> str:
    return f"{len(names)} {what}{'s' if len(names) != 1 else ''} ({', '.join(names):.80})"
