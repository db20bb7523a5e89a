"""The hyperparameters of a trial as flat, plain values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tune_wandb_nb.search_space.space.params import flat_params, is_number


def test_params_are_flat_plain_and_without_the_wandb_entry() -> None:
    config = {
        "lr": np.float64(0.1),
        "n": np.int64(3),
        "net": {"act": "relu", "drop": None},
        "data": list(range(1000)),
        "wandb": {"api_key": "secret"},
        "logger_config": {"wandb": {"api_key": "secret"}},
    }
    flat = flat_params(config)
    assert {k: v for k, v in flat.items() if k != "data"} == {
        "lr": 0.1,
        "n": 3,
        "net/act": "relu",
        "net/drop": None,
    }
    assert len(flat["data"]) == 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, True), (0.5, True), (True, False), (math.nan, False), (math.inf, False), ("1", False)],
)
def test_only_finite_numbers_are_numbers(value: object, expected: bool) -> None:
    assert is_number(value) is expected
