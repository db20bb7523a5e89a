import math
from typing import Any

import numpy as np

from tune_wandb_nb.search_space.distributions.values import SpaceError

__all__ = ["check_positive", "check_step", "is_multiple", "real", "whole"]

_MAX_STEPS = 2**53  # floats count no further


def real(field: str, value: Any) -> float:
    """Raises SpaceError, as all checks here do."""
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
