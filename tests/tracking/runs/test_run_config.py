"""Hyperparameters of any type: W&B stores what it can, and text of everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from hypothesis import given
from hypothesis import strategies as st

from tests.searches import RunSearch, offline_runs
from tune_wandb_nb import WandbLogger
from tune_wandb_nb.compat.wandb import is_config_value
from tune_wandb_nb.tracking.runs.run_config import storable_config


class NoRepr:
    def __repr__(self) -> str:
        raise ValueError("not today")

    __str__ = __repr__


def itself() -> dict[str, Any]:
    inside: dict[str, Any] = {}
    inside["itself"] = inside
    return inside


ODD = {
    "bytes": (b"\xff\xfe", r"b'\xff\xfe'"),
    "ellipsis": (..., "Ellipsis"),
    "complex": (1 + 2j, "(1+2j)"),
    "no repr": (NoRepr(), "<NoRepr>"),
    "histogram": (wandb.Histogram([1.0, 2.0]), None),
    "inside": ({"deep": [1, (b"\xff", 2)]}, {"deep": [1, [r"b'\xff'", 2]]}),
    "names": ({1: {2: ...}}, {"1": {"2": "Ellipsis"}}),
    "itself": (itself(), None),
    "surrogate": ({"\ud800": 1}, None),
}


@pytest.mark.parametrize("name", ODD)
def test_a_value_that_wandb_cannot_store_is_text(name: str) -> None:
    value, expected = ODD[name]
    stored = storable_config({"x": value})
    assert is_config_value(stored)
    assert expected is None or stored == {"x": expected}


@pytest.mark.parametrize(
    "value",
    [0.1, None, "text", True, [1, 2], {"a": {"b": 1}}, np.float32(1.5), np.arange(3), print, Path],
)
def test_a_value_that_wandb_can_store_is_left_as_it_is(value: Any) -> None:
    assert storable_config({"x": value})["x"] is value


@given(st.recursive(st.binary() | st.complex_numbers() | st.text(), st.lists, max_leaves=8))
def test_whatever_it_is_it_can_be_stored(value: Any) -> None:
    assert is_config_value(storable_config({"x": value, str(value): 1}))


def train(config: dict[str, Any]) -> dict[str, float]:
    return {"loss": 1.0}


@pytest.mark.parametrize("name", ["bytes", "ellipsis", "inside", "names", "histogram"])
def test_one_value_does_not_cost_the_run(run_search: RunSearch, tmp_path: Path, name: str) -> None:
    logger = WandbLogger(project="p", mode="offline", dir=str(tmp_path))
    run_search(train, {"lr": 0.1, "odd": ODD[name][0]}, logger=logger)
    (run,) = offline_runs(tmp_path).values()
    assert run.config["lr"] == 0.1
    expected = ODD[name][1]
    if expected is None:
        assert run.config["odd"].startswith("<wandb.")
    else:
        assert run.config["odd"] == expected
    assert len(run.rows) == logger.audit()["logged"].sum() == 1
