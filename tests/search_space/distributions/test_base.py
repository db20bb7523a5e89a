"""Distributions without bounds: what each refuses, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from ray import tune

from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.registry import field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError


def relu() -> None:
    """Something that a form cannot express."""


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("randn", (0, 0), "sd must be above 0, but it is 0.0"),
        ("randn", (1e308, 1e308), "mean and sd must stay within what floats hold"),
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


def test_what_is_kept_is_not_shown() -> None:
    space = SearchSpace.from_param_space({"x": tune.choice([relu, "secret-0000"]), "y": relu})
    assert "secret" not in repr(space) + space.to_json()
    assert Kept(relu).title == "relu (function)"
    assert Kept(tune.sample_from(relu)).title == "relu (Function)"
    assert Kept(np.zeros(1)).title == "ndarray"
