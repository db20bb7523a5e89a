"""Checks of the numbers of a distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tune_wandb_nb.search_space.distributions.values import (
    SpaceError,
    check_positive,
    check_step,
    is_multiple,
    real,
    whole,
)


@pytest.mark.parametrize("number", [3, 3.0, np.int64(3), np.float32(3)])
def test_numbers_of_numpy_are_numbers_of_python(number: Any) -> None:
    assert (real("q", number), type(real("q", number))) == (3.0, float)
    assert (whole("q", number), type(whole("q", number))) == (3, int)


def test_a_whole_number_is_exact() -> None:
    assert whole("q", 2**62 + 1) == 2**62 + 1


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (real, True, "q must be a number, but it is a bool"),
        (real, "1", "q must be a number, but it is a str"),
        (real, math.nan, "q must be a finite number, but it is NaN"),
        (whole, math.inf, "q must be a finite number, but it is infinite"),
        (whole, 0.5, r"q must be a whole number, but it is 0\.5; round it"),
        (check_positive, 0, "q must be above 0, but it is 0"),
    ],
)
def test_a_wrong_number_is_refused_with_its_field(check: Any, value: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        check("q", value)
    assert caught.value.field == "q"


def test_floats_must_be_able_to_count_the_steps() -> None:
    check_step(1.0, -(2.0**53), 2.0**53)
    with pytest.raises(SpaceError, match=r"at most 2\*\*53 times, .* the range reaches 1e\+16"):
        check_step(1.0, 0.0, 1e16)


@pytest.mark.parametrize(
    ("bound", "q", "expected"),
    [(0.3, 0.1, True), (0.35, 0.1, False), (9, 3, True), (10, 3, False), (10**20 + 1, 10, False)],
)
def test_multiples(bound: float, q: float, expected: bool) -> None:
    assert is_multiple(bound, q) is expected
