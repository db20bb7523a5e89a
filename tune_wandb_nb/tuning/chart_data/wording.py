"""Short texts for numbers, durations and names, the same in all charts and tables."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["describe_params", "digits_between", "duration", "number", "shorten"]

_LARGE = 1_000_000
_DIGITS, _MOST_DIGITS = 3, 15
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: object) -> str:
    """4 significant digits; any other value as text.

    Example:
        >>> number(0.123456), number(1234567), number(5e-5), number(128), number(True)
        ('0.1235', '1.235e+06', '5e-05', '128', 'True')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else str(value)
    if not math.isfinite(value):
        return str(float(value))
    if isinstance(value, int) and abs(value) < _LARGE:
        return str(value)
    return f"{value:.4g}"


def digits_between(low: float, high: float) -> int:
    """Return the number of significant digits, at least 3, that make the ticks of an axis differ.

    Example:
        >>> digits_between(0, 1), digits_between(0.99, 1), digits_between(0.9997, 1)
        (3, 4, 6)
    """
    largest = max(abs(low), abs(high))
    if not (math.isfinite(largest) and high > low):
        return _DIGITS
    return max(_DIGITS, min(math.ceil(math.log10(largest / (high - low))) + 2, _MOST_DIGITS))


def duration(seconds: float | None) -> str:
    """In the two largest units.

    Example:
        >>> duration(7.4), duration(75), duration(7290), duration(None)
        ('7 s', '1 min 15 s', '2 h 1 min', '-')
    """
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
    """Replace the middle by an ellipsis, because names differ at both ends.

    Example:
        >>> shorten("train_0a1b2_00001_lr=0.001,momentum=0.9", 20)
        'train_0a1b…entum=0.9'
    """
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def describe_params(params: Mapping[str, Any], most: int = 8) -> str:
    """Return hyperparameters as one line of text.

    Example:
        >>> describe_params({"lr": 0.00012345, "act": "relu"})
        'lr=0.0001234 · act=relu'
    """
    shown = [f"{name}={shorten(number(value))}" for name, value in list(params.items())[:most]]
    more = len(params) - most
    return " · ".join(shown + ([f"{more} more"] if more > 0 else []))
