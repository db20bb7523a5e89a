"""Distributions: what each refuses, in words."""

import math
from typing import Any

import pytest

from tune_wandb_nb.tuning.distributions.ranges import RandInt, Uniform
from tune_wandb_nb.tuning.distributions.registry import KINDS, field_names, make
from tune_wandb_nb.tuning.distributions.values import SpaceError


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
        ("randn", (0, 0), "sd must be above 0, but it is 0.0"),
        ("randn", (1e308, 1e308), "mean and sd must stay within what floats hold"),
        ("loguniform", (1, 1.79e308), "floats must hold the range"),
        ("randn", (math.nan, 1), "mean must be a finite number"),
        ("qrandn", (0, 1, 0), "q must be above 0"),
        ("qrandn", (1e300, 1, 1), "q must go into the range"),
        ("choice", ((),), "values must hold at least one value"),
        ("choice", ("abc",), "values must be a list, but it is a str"),
        ("choice", ({1, 2},), "values must be a list, but it is a set"),
        ("choice", (5,), "values must be a list, but it is a int"),
        ("grid", ([],), "values must hold at least one value"),
        ("choice", ([math.inf],), "values may hold .*but there is infinity"),
        ("choice", ([object()],), "but there is a object"),
        ("constant", (math.nan,), "value may hold .*but there is NaN"),
        ("constant", ({"a": 1},), "a dictionary is given by one row for each of its keys"),
        ("constant", ({1, 2},), "but there is a set"),
        ("constant", (10**400,), "a whole number of over 1024 bits"),
    ],
)
def test_a_distribution_refuses_what_cannot_be(kind: str, arguments: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        make(kind, dict(zip(field_names(kind), arguments, strict=True)))
    assert caught.value.field in field_names(kind)


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("beta", {}, "the kind must be one of uniform, .* but it is 'beta'"),
        ("kept", {}, "but it is 'kept'"),
        ("uniform", {"lower": 0}, "uniform has the fields lower, upper, but got 'lower'"),
        ("uniform", {"lower": 0, "upper": 1, "q": 1}, "uniform has the fields lower, upper"),
    ],
)
def test_make_refuses_unknown_kinds_and_fields(kind: str, arguments: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        make(kind, arguments)


def test_every_kind_can_be_made() -> None:
    assert [cls.kind for cls in KINDS.values()] == list(KINDS)
    assert RandInt(1.0, 5.0) == RandInt(1, 5), "whole floats are whole numbers"
    assert isinstance(Uniform(0, 1).lower, float)
