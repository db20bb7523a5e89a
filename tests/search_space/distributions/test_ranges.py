"""Distributions between bounds: what each refuses, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tune_wandb_nb.search_space.distributions.ranges import QRandInt, QUniform, RandInt, Uniform
from tune_wandb_nb.search_space.distributions.registry import field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("uniform", (1, 0), "lower must be below upper, but lower is 1.0 and upper is 0.0"),
        ("randint", (3, 3), "lower must be below upper"),
        ("uniform", (math.nan, 1), "lower must be a finite number, but it is NaN"),
        ("uniform", (0, math.inf), "upper must be a finite number, but it is infinite"),
        ("uniform", (0, 10**400), "upper must be a finite number, but it is infinite"),
        ("uniform", (-1.7e308, 1.7e308), "floats must hold the range"),
        ("uniform", ("0", 1), "lower must be a number, but it is a str"),
        ("uniform", (False, True), "lower must be a number, but it is a bool"),
        ("loguniform", (0, 1), "on a log scale lower must be above 0, but it is 0.0"),
        ("lograndint", (0, 5), "on a log scale lower must be above 0, but it is 0"),
        ("loguniform", (-4, -1), "not its exponent"),
        ("quniform", (0, 1, 0), "q must be above 0, but it is 0.0"),
        ("quniform", (0, 1, -0.1), "q must be above 0"),
        ("quniform", (0, 1, 2), "q must not be larger than the range, but q is 2.0"),
        ("quniform", (0.05, 1, 0.1), "lower must be a multiple of q.*take 0.0 or 0.1"),
        ("quniform", (0, 1, 0.3), "upper must be a multiple of q"),
        ("quniform", (0, 1, 1e-300), r"q must go into the range at most 2\*\*53 times"),
        ("qrandint", (0, 10, 3), "upper must be a multiple of q.*take 9 or 12"),
        ("qrandint", (0, 10, 1), "q must be 2 or more.*choose the kind randint"),
        ("qlograndint", (1, 10, 1), "choose the kind lograndint"),
        ("qrandint", (0, 10, 2.5), "q must be a whole number, but it is 2.5"),
        ("randint", (0.5, 3), "lower must be a whole number, but it is 0.5"),
        ("randint", (0, 2**64), "64 bits must hold both ends"),
        ("loguniform", (1, 1.79e308), "floats must hold the range"),
    ],
)
def test_a_distribution_refuses_what_cannot_be(kind: str, arguments: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        make(kind, dict(zip(field_names(kind), arguments, strict=True)))
    assert caught.value.field in field_names(kind)


def test_whole_floats_are_whole_numbers() -> None:
    assert RandInt(1.0, 5.0) == RandInt(1, 5), "whole floats are whole numbers"
    assert isinstance(Uniform(0, 1).lower, float)


def test_the_ends_of_steps_are_counted_in_steps() -> None:
    steps = QUniform(-0.3, 0.9, 0.1)
    assert (steps.first, steps.last) == (-3, 9)
    rng = np.random.default_rng(0)
    assert {QRandInt(0, 10, 5).draw(rng) for _ in range(50)} == {0, 5, 10}
