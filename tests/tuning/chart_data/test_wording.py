"""Short texts for numbers, durations and names."""

from __future__ import annotations

import math

import pytest

from tune_wandb_nb.tuning.chart_data.wording import (
    describe_params,
    digits_between,
    duration,
    number,
    shorten,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("relu", "relu"),
        (False, "False"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (999_999, "999999"),
        (1_000_000, "1e+06"),
        (-0.000123456, "-0.0001235"),
    ],
)
def test_numbers(value: object, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (-1, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("low", "high"), [(1, 1), (math.nan, 1), (0, math.inf), (2, 1)])
def test_an_axis_without_a_width_has_the_usual_digits(low: float, high: float) -> None:
    assert digits_between(low, high) == 3


@pytest.mark.parametrize("length", [1, 28, 29, 1000])
def test_a_long_text_keeps_both_ends(length: int) -> None:
    text = f"<{'x' * (length - 2)}>" if length > 1 else "x"
    short = shorten(text)
    assert len(short) <= 28
    assert (short[0], short[-1]) == (text[0], text[-1])
    assert ("…" in short) == (length > 28)


def test_only_some_hyperparameters_are_named() -> None:
    assert describe_params({}) == ""
    assert describe_params({"a": 1, "b": 2, "c": 3}, most=2) == "a=1 · b=2 · 1 more"
