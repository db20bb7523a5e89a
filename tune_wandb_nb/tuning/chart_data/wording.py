"""Short texts for numbers, durations and names."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["describe_params", "digits_between", "duration", "number", "shorten"]

_LARGE = 1_000_000
_DIGITS, _MOST_DIGITS = 3, 15
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else str(value)
    if not math.isfinite(value):
        return str(float(value))
    if isinstance(value, int) and abs(value) < _LARGE:
        return str(value)
    return f"{value:.4g}"


def digits_between(low: float, high: float) -> int:
    """The significant digits that make ticks of an axis differ."""
    largest = max(abs(low), abs(high))
    if not (math.isfinite(largest) and high > low):
        return _DIGITS
    return max(_DIGITS, min(math.ceil(math.log10(largest / (high - low))) + 2, _MOST_DIGITS))


def duration(seconds: float | None) -> str:
    if seconds is None or not math.isfinite(seconds):
        return "-"
    whole = max(round(seconds), 0)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def shorten(text: str, longest: int = 28) -> str:
    """Keep both ends, where names differ."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def describe_params(params: Mapping[str, Any], most: int = 8) -> str:
    shown = [f"{name}={shorten(number(value))}" for name, value in list(params.items())[:most]]
    more = len(params) - most
    return " · ".join(shown + ([f"{more} more"] if more > 0 else []))
