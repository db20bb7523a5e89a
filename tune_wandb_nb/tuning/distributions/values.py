"""Values that a form can show and write down exactly: plain Python data."""

import math
from typing import Any

import numpy as np

__all__ = ["NotPlainError", "SpaceError", "literal", "plain"]

_DEEPEST = 20
_LONGEST_INT = 1024  # bits: what a float can still hold


class SpaceError(ValueError):
    """Something in a search space is wrong; the message says what, why, and what to do.

    ``parameter`` names the hyperparameter and ``field`` the part of it ("lower", "q", "values",
    "name", ...) that is wrong, where they are known. ``message`` is the text without the name.
    """

    def __init__(
        self, message: str, *, field: str | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(message if parameter is None else f"{parameter}: {message}")
        self.message = message
        self.field = field
        self.parameter = parameter

    def of(self, parameter: str) -> "SpaceError":
        """Return the same error, said of a hyperparameter."""
        return type(self)(self.message, field=self.field, parameter=parameter)


class NotPlainError(SpaceError):
    """A value that is not plain data: a function, an object, NaN, infinity."""


def plain(value: Any, *, field: str = "value", _depth: int = 0) -> Any:
    """Return a copy of plain data, with NumPy's scalars as Python's own.

    Plain are None, True and False, finite numbers, text, and lists, tuples and dictionaries with
    text keys of these.

    Raises:
        NotPlainError: naming what is not plain.

    Example:
        >>> plain((np.float64(0.5), ["relu", None]))
        (0.5, ['relu', None])
    """
    if isinstance(value, np.generic):
        value = value.item()
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is float and math.isfinite(value):
        return value
    if kind is int and value.bit_length() <= _LONGEST_INT:
        return value
    if _depth < _DEEPEST and kind in (list, tuple):
        return kind(plain(item, field=field, _depth=_depth + 1) for item in value)
    if _depth < _DEEPEST and kind is dict and all(type(key) is str for key in value):
        return {k: plain(v, field=field, _depth=_depth + 1) for k, v in value.items()}
    raise NotPlainError(
        f"{field} may hold None, True, False, finite numbers, text, and lists, tuples and"
        f" dictionaries of these, but there is {_describe(value)}.",
        field=field,
    )


def literal(value: Any) -> str:
    """Write plain data as Python source, on one line and with double quotes.

    Example:
        >>> print(literal({"layers": (64,), "act": "relu"}))
        {"layers": (64,), "act": "relu"}
    """
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
    # Never the text of an unknown object: it may be long, or hold a secret.
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else "infinity"
    if type(value) is int:
        return f"a whole number of over {_LONGEST_INT} bits"
    if type(value) in (list, tuple, dict):
        return f"a {type(value).__name__} nested too deeply or with keys that are not text"
    return f"a {type(value).__name__}"
