import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tune_wandb_nb.search_space.space.params import is_number
from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, TrialView
from tune_wandb_nb.tuning.chart_data.wording import digits_between, number, shorten

__all__ = ["MISSING", "Axis", "axis_for", "looks_log", "param_axes"]

MISSING: Any = object()

_LOG_FROM = 50.0
_TICKS = 5
_USUAL_DIGITS = 4
_MOST_TICKS = 12
_MOST_AXES = 10
_LINEAR_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    name: str
    kind: Literal["linear", "log", "category"]
    low: float
    high: float
    categories: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    def place(self, values: Iterable[Any]) -> Numbers:
        """NaN for a value that is not on the axis."""
        return np.array([self._place(value) for value in values], dtype=np.float64)

    def _place(self, value: Any) -> float:
        if value is MISSING:
            return math.nan
        if self.kind == "category":
            return _spread(self.categories.index(_label(value)), len(self.categories))
        if not is_number(value) or (self.kind == "log" and value <= 0):
            return math.nan
        low, high = self.low, self.high
        if self.kind == "log":
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low) if high > low else 0.5


def axis_for(
    name: str, values: Sequence[Any], *, log: bool | None = None, is_category: bool = False
) -> Axis:
    """Without ``log``, the spacing of numbers decides; those of a category are spaced evenly."""
    present = [value for value in values if value is not MISSING]
    numbers = np.array([float(value) for value in present if is_number(value)])
    if is_category or not all(_is_gap(v) or is_number(v) for v in present):
        categories = tuple(sorted({_label(value) for value in present}, key=_natural_order))
        every = math.ceil(len(categories) / _MOST_TICKS)
        ticks = tuple(
            (_spread(i, len(categories)), shorten(word, 14))
            for i, word in enumerate(categories)
            if i % every == 0
        )
        return Axis(name, "category", 0, 1, categories, ticks)
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
    wants_log = looks_log(numbers) if log is None else log
    kind: Literal["linear", "log"] = "log" if wants_log and low > 0 else "linear"
    without_ticks = Axis(name, kind, low, high, (), ())
    whole = all(value.is_integer() for value in numbers.tolist())
    marks = _log_ticks(low, high) if kind == "log" else _linear_ticks(low, high, whole=whole)
    digits = 0 if kind == "log" else digits_between(low, high)
    ticks = tuple((float(without_ticks.place([mark])[0]), _tick(mark, digits)) for mark in marks)
    return Axis(name, kind, low, high, (), ticks)


def param_axes(snapshot: BoardSnapshot, trials: Sequence[TrialView]) -> tuple[Axis, ...]:
    names = dict.fromkeys(name for trial in snapshot.trials for name in trial.params)
    axes = []
    for name in names:
        values = [trial.params.get(name, MISSING) for trial in trials]
        if len({_label(value) for value in values if value is not MISSING}) > 1:
            kind = snapshot.types.get(name)
            is_category = kind is not None and kind.values is not None
            log = kind.log if kind is not None else None
            axes.append(axis_for(name, values, log=log, is_category=is_category))
    return tuple(axes[:_MOST_AXES])


def _tick(mark: float, digits: int) -> str:
    """With more digits if ticks would look equal."""
    return f"{mark:.{digits}g}" if digits > _USUAL_DIGITS else number(mark)


def _label(value: Any) -> str:
    return "None" if value is None else number(value)


def _natural_order(word: str) -> tuple[int, float, str]:
    try:
        return (0, float(word), word)
    except ValueError:
        return (1, 0.0, word)


def _is_gap(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _spread(index: int, count: int) -> float:
    return index / (count - 1) if count > 1 else 0.5


def looks_log(numbers: Numbers) -> bool:
    distinct = np.unique(numbers)
    if len(distinct) < 3 or distinct[0] <= 0 or distinct[-1] / distinct[0] < _LOG_FROM:  # noqa: PLR2004
        return False
    return _unevenness(np.log(distinct)) < _unevenness(distinct)


def _unevenness(numbers: Numbers) -> float:
    placed = (numbers - numbers[0]) / (numbers[-1] - numbers[0])
    return float(np.abs(placed - np.linspace(0, 1, len(placed))).mean())


def _linear_ticks(low: float, high: float, *, whole: bool) -> list[float]:
    if not high > low:
        return [low]
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in _LINEAR_STEPS if s * power >= rough * (1 - 1e-9))
    # There are no 2.5 layers.
    step = math.ceil(step) if whole else step
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [min(max(i * step, low), high) for i in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    if not high > low:
        return [low]
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    every = math.ceil(len(powers) / _TICKS) if powers else 1
    inside = [min(max(10.0**p, low), high) for p in powers][::every]
    return inside if len(inside) > 1 else [low, high]
