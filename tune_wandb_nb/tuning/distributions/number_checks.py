"""The numbers of a distribution, checked: real, whole, above zero, multiples of a step."""

import math
from typing import Any

import numpy as np

from tune_wandb_nb.tuning.distributions.values import SpaceError

__all__ = ["check_step", "multiple", "positive", "real", "whole"]

# Past this a float cannot count the steps any more.
_MOST_STEPS = 2**53


def real(field: str, value: Any) -> float:
    """Return a finite float.

    Raises:
        SpaceError: saying what the field holds instead.
    """
    value = _number(field, value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SpaceError(
            f"{field} must be a finite number, but it is"
            f" {'NaN' if math.isnan(number) else 'infinite'}"
            " (floats end near 1.8e308).",
            field=field,
        )
    return number


def whole(field: str, value: Any) -> int:
    """Return an int; a float such as 8.0 is one, 8.5 is not.

    Raises:
        SpaceError: saying what the field holds instead.
    """
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


def positive(field: str, value: float) -> None:
    """Refuse a number that is not above zero.

    Raises:
        SpaceError: with the rule and the value.
    """
    if not value > 0:
        raise SpaceError(f"{field} must be above 0, but it is {value!r}.", field=field)


def check_step(q: float, *bounds: float) -> None:
    """Refuse a step so small that floats cannot count how often it goes into a bound.

    Raises:
        SpaceError: with the rule and the values.
    """
    for bound in bounds:
        if abs(bound) > _MOST_STEPS * q:
            raise SpaceError(
                f"q must go into the range at most 2**53 times, but q is {q!r} and the range"
                f" reaches {bound!r}; take a larger q, or a kind without q.",
                field="q",
            )


def multiple(bound: float, q: float) -> bool:
    """Tell whether a bound is a multiple of q, as nearly as floats can say.

    Example:
        >>> multiple(0.3, 0.1), multiple(0.35, 0.1)
        (True, False)
    """
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
