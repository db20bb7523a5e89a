"""Plain Python data, which a form can show and write as source, and checks of numbers."""

import math
from typing import Any

import numpy as np

__all__ = [
    "NotPlainError",
    "SpaceError",
    "check_positive",
    "check_step",
    "is_multiple",
    "literal",
    "plain",
    "real",
    "whole",
]

_MAX_DEPTH = 20
_MAX_STEPS = 2**53  # floats count no further
_MAX_INT_BITS = 1024  # as large as a float can be


class SpaceError(ValueError):
    """``field`` is the wrong part, such as "lower"; ``message`` lacks the ``parameter``."""

    def __init__(
        self, message: str, *, field: str | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(message if parameter is None else f"{parameter}: {message}")
        self.message = message
        self.field = field
        self.parameter = parameter

    def of(self, parameter: str) -> "SpaceError":
        return type(self)(self.message, field=self.field, parameter=parameter)


class NotPlainError(SpaceError):
    """A function, an object, NaN, infinity."""


def plain(value: Any, *, field: str = "value", _depth: int = 0) -> Any:
    """Return a copy, with Python's scalars in the place of NumPy's; raises NotPlainError."""
    if isinstance(value, np.generic):
        value = value.item()
    cls = type(value)
    if value is None or cls in (bool, str):
        return value
    if cls is float and math.isfinite(value):
        return value
    if cls is int and value.bit_length() <= _MAX_INT_BITS:
        return value
    if _depth < _MAX_DEPTH and cls in (list, tuple):
        return cls(plain(item, field=field, _depth=_depth + 1) for item in value)
    if _depth < _MAX_DEPTH and cls is dict and all(type(key) is str for key in value):
        return {k: plain(v, field=field, _depth=_depth + 1) for k, v in value.items()}
    raise NotPlainError(
        f"{field} may hold None, True, False, finite numbers, text, and lists, tuples and"
        f" dictionaries of these, but there is {_describe(value)}.",
        field=field,
    )


def literal(value: Any) -> str:
    """On one line and with double quotes."""
    if isinstance(value, str):
        source = repr(value)
        return source if '"' in value else f'"{source[1:-1]}"'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        inner = ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items())
        return f"{{{inner}}}"
    return repr(value).replace("e+", "e")


def _describe(value: Any) -> str:
    # The text of an object may hold a secret.
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else "infinity"
    if type(value) is int:
        return f"a whole number of over {_MAX_INT_BITS} bits"
    if type(value) in (list, tuple, dict):
        return f"a {type(value).__name__} nested too deeply or with keys that are not text"
    return f"a {type(value).__name__}"


def real(field: str, value: Any) -> float:
    """Raises SpaceError, as other checks do."""
    value = _number(field, value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SpaceError(
            f"{field} must be a finite number, but it is"
            f" {'NaN' if math.isnan(number) else 'infinite'} (floats end near 1.8e308).",
            field=field,
        )
    return number


def whole(field: str, value: Any) -> int:
    """8.0 is accepted, 8.5 is not."""
    value = _number(field, value)
    if isinstance(value, float):
        if not real(field, value).is_integer():
            raise SpaceError(
                f"{field} must be a whole number, but it is {value!r}; round it, or choose a kind"
                " of floats.",
                field=field,
            )
        value = int(value)
    return int(value)


def check_positive(field: str, value: float) -> None:
    if not value > 0:
        raise SpaceError(f"{field} must be above 0, but it is {value!r}.", field=field)


def check_step(q: float, *bounds: float) -> None:
    for bound in bounds:
        if abs(bound) > _MAX_STEPS * q:
            raise SpaceError(
                f"q must go into the range at most 2**53 times, but q is {q!r} and the range"
                f" reaches {bound!r}; take a larger q, or a kind without q.",
                field="q",
            )


def is_multiple(bound: float, q: float) -> bool:
    if isinstance(bound, int) and isinstance(q, int):
        return bound % q == 0
    steps = bound / q
    return math.isclose(steps, round(steps))


def _number(field: str, value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpaceError(
            f"{field} must be a number, but it is a {type(value).__name__}.", field=field
        )
    return value
