"""Plain data, and how it is written as Python source."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.spaces import values
from tune_wandb_nb.search_space.distributions.values import (
    NotPlainError,
    SpaceError,
    literal,
    plain,
)


def test_a_copy_is_independent_and_without_numpy() -> None:
    data = {"layers": [np.int64(64), (np.float64(0.5), None)], "act": np.str_("relu")}
    copy = plain(data)
    assert repr(copy) == "{'layers': [64, (0.5, None)], 'act': 'relu'}"
    data["layers"].append(1)  # type: ignore[union-attr]
    assert len(copy["layers"]) == 2


def deep() -> Any:
    nested: Any = []
    for _ in range(30):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "but there is NaN"),
        ([-math.inf], "but there is infinity"),
        (2**2000, "but there is a whole number of over 1024 bits"),
        ({1: 2}, "keys that are not text"),
        (deep(), "a list nested too deeply"),
        (len, "but there is a builtin_function_or_method"),
    ],
)
def test_what_is_not_plain_is_named_by_its_type(value: Any, message: str) -> None:
    with pytest.raises(NotPlainError, match=message) as caught:
        plain(value, field="values")
    assert caught.value.field == "values"
    assert str(caught.value).startswith("values may hold")


def test_the_text_of_an_object_is_not_shown() -> None:
    class Secret:
        def __repr__(self) -> str:
            return "0123456789abcdef"

    with pytest.raises(NotPlainError, match="there is a Secret") as caught:
        plain([Secret()])
    assert "0123" not in str(caught.value)


@given(values())
def test_source_makes_the_same_data(value: Any) -> None:
    assert repr(ast.literal_eval(literal(value))) == repr(value)
    assert "\n" not in literal(value)


def test_an_error_can_be_given_the_name_of_a_hyperparameter() -> None:
    error = SpaceError("q is wrong.", field="q").of("opt/lr")
    assert (str(error), error.message) == ("opt/lr: q is wrong.", "q is wrong.")
    assert (error.parameter, error.field) == ("opt/lr", "q")
    assert type(NotPlainError("x").of("a")) is NotPlainError
