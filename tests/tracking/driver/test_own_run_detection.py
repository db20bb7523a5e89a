"""Which trials write their runs themselves: read off the trainable that Tune has made."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from ray import tune
from ray.tune.trainable import wrap_function

import tune_wandb_nb as tw
from tune_wandb_nb.tracking.driver.own_run_detection import may_write_own_runs, writes_own_run


def plain(config: dict[str, Any]) -> None:
    tune.report({"loss": 1.0})


def calls_setup(config: dict[str, Any]) -> None:
    tw.setup_wandb(config)


def calls_it_inside(config: dict[str, Any]) -> None:
    def inner() -> None:
        tw.setup_wandb(config)

    inner()


class Plain(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {"done": True}


class CallsSetup(Plain):
    def setup(self, config: dict[str, Any]) -> None:
        tw.setup_wandb(config)


@pytest.mark.parametrize(
    "function",
    [
        tw.wandb_mixin(plain),
        functools.partial(tw.wandb_mixin(plain)),
        calls_setup,
        calls_it_inside,
        functools.partial(calls_setup),
    ],
)
def test_a_function_that_opens_a_run(function: Any) -> None:
    assert may_write_own_runs()
    assert writes_own_run(wrap_function(function))


@pytest.mark.parametrize("trainable", [tw.wandb_mixin(Plain), CallsSetup])
def test_a_class_that_opens_a_run(trainable: type) -> None:
    assert writes_own_run(trainable)


@pytest.mark.parametrize("trainable", [Plain, wrap_function(plain)])
def test_others_leave_it_to_the_logger(trainable: type) -> None:
    assert not writes_own_run(trainable)
