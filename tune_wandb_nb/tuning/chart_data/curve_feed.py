"""Which points of each curve the front end gets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tune_wandb_nb.tuning.board.curve import Curve, Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.json_values import json_number

__all__ = ["CurveFeed", "CurvePart", "inline", "pack", "points_each"]

_LEVELS = (96, 64, 48, 32, 24, 20, 16, 12, 10, 8, 6, 5)
_FEWEST = 4
_MOST_CURVES = 6_000
_KEPT_IN_BROWSER = 192
_RESENT = 48
_NARROW = 1e-4
_FLOAT32_DIGITS = 7


@dataclass(frozen=True, slots=True)
class CurvePart:
    """``curve`` replaces the points from the index ``first`` on."""

    trial_id: str
    metric: str
    first: int
    curve: Curve
    is_narrow: bool
    """The values need 64 bits."""


@dataclass(slots=True)
class _Sent:
    curve: Curve
    points: int = 0
    rewinds: int = 0


@dataclass(slots=True)
class CurveFeed:
    _sent: dict[tuple[str, str], _Sent] = field(default_factory=dict)

    def all(
        self, snapshot: BoardSnapshot, points: Mapping[str, int], best: Sequence[str] = ()
    ) -> list[CurvePart]:
        self._sent.clear()
        chosen = set(best)
        parts: list[CurvePart] = []
        for trial in snapshot.trials:
            least = _RESENT if trial.trial_id in chosen else 0
            parts += self._new(trial, points, least)
        return parts

    def changes(self, trials: Iterable[TrialView], points: Mapping[str, int]) -> list[CurvePart]:
        return [part for trial in trials for part in self._new(trial, points)]

    def forget(self, trial: TrialView) -> None:
        for name in trial.curves:
            self._sent.pop((trial.trial_id, name), None)

    def _new(
        self, trial: TrialView, points: Mapping[str, int], least: int = 0
    ) -> Iterator[CurvePart]:
        for name, curve in trial.curves.items():
            sent = self._sent.get((trial.trial_id, name))
            if sent is not None and sent.curve is curve:
                continue
            most = max(points.get(name, _FEWEST), least)
            part = _part(trial.trial_id, name, curve, sent, most)
            if not len(part.curve):
                continue
            count = part.first + len(part.curve)
            self._sent[trial.trial_id, name] = _Sent(curve, count, curve.rewinds)
            yield part


def _part(trial_id: str, metric: str, curve: Curve, sent: _Sent | None, points: int) -> CurvePart:
    narrow = _is_narrow(curve.values)
    if sent is not None and sent.rewinds == curve.rewinds:
        new = curve.after(sent.curve.iterations[-1]).thinned(points)
        if sent.points + len(new) <= _KEPT_IN_BROWSER:
            return CurvePart(trial_id, metric, sent.points, new, narrow)
        points = max(points, _RESENT)
    return CurvePart(trial_id, metric, 0, curve.thinned(points), narrow)


def points_each(snapshot: BoardSnapshot, total: int) -> dict[str, int]:
    """Of about ``total``: twice as many for an objective, few for Tune's counters."""
    trials = max(snapshot.expected or 0, len(snapshot.trials), 1)
    names = len(snapshot.metrics) + len(snapshot.steps)
    share = total / min(trials, _MOST_CURVES / max(names, 1)) - _FEWEST * len(snapshot.steps)
    tuned = {objective.metric for objective in snapshot.objectives}
    one = share / max(names - len(snapshot.steps) + len(tuned), 1)
    points = {name: _level(2 * one if name in tuned else one) for name in snapshot.metrics}
    return points | dict.fromkeys(snapshot.steps, _FEWEST)


def _level(share: float) -> int:
    return next((level for level in _LEVELS if level <= share), _FEWEST)


def pack(parts: Sequence[CurvePart]) -> tuple[list[dict[str, Any]], list[bytes]]:
    entries: list[dict[str, Any]] = []
    singles: list[Numbers] = []
    doubles: list[Numbers] = []
    at = at64 = 0
    for part in parts:
        curve, count = part.curve, len(part.curve)
        entry = {"id": part.trial_id, "metric": part.metric, "from": part.first, "n": count}
        entry["at"] = at
        singles += [curve.iterations, curve.seconds]
        at += 2 * count
        if part.is_narrow:
            entry |= {"f64": True, "at64": at64}
            doubles.append(curve.values)
            at64 += count
        else:
            singles.append(curve.values)
            at += count
        entries.append(entry)
    buffers = [np.concatenate(singles).astype("<f4").tobytes()] if singles else []
    buffers += [np.concatenate(doubles).astype("<f8").tobytes()] if doubles else []
    return entries, buffers


def inline(parts: Sequence[CurvePart]) -> list[dict[str, Any]]:
    return [
        {
            "id": part.trial_id,
            "metric": part.metric,
            "from": part.first,
            "n": len(part.curve),
            "iterations": _numbers(part.curve.iterations),
            "seconds": _numbers(np.round(part.curve.seconds, 2)),
            "values": _numbers(
                part.curve.values if part.is_narrow else _rounded(part.curve.values)
            ),
        }
        for part in parts
    ]


def _numbers(values: Numbers) -> list[Any]:
    return [json_number(value) for value in values.tolist()]


def _rounded(values: Numbers) -> Numbers:
    """Round to the digits of float32, since random digits cannot be compressed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        digits = _FLOAT32_DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        scale = 10.0 ** np.clip(digits, -300, 300)
        rounded = np.round(values * scale) / scale
    exact: Numbers = np.where(np.isfinite(rounded), rounded, values)
    return exact


def _is_narrow(values: Numbers) -> bool:
    low, high = float(values.min()), float(values.max())
    if not low <= high:  # NaN
        finite = values[np.isfinite(values)]
        if not len(finite):
            return False
        low, high = float(finite.min()), float(finite.max())
    largest = max(abs(low), abs(high))
    return low < high and (high - low < largest * _NARROW or largest > float(np.finfo("f4").max))
