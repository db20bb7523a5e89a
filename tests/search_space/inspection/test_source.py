"""The source of a trainable, and trainables without one."""

from __future__ import annotations

import functools
import types
from typing import Any

import pytest

from tests import trainables as t
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.inspection.detect import hyperparameters, reported_metrics
from tune_wandb_nb.search_space.inspection.source import layers, routine_of


def typed() -> Any:
    """A function without a source, as at a plain prompt."""
    scope: dict[str, Any] = {}
    exec("def train(config):\n    return {'loss': config['lr']}", scope)
    return scope["train"]


WITHOUT_SOURCE = {
    "typed": typed(),
    "built-in": len,
    "None": None,
    "number": 5,
    "registered": "PPO",
    "object": object(),
    "built-in class": int,
    "class": type("Empty", (), {}),
    "module": types,
    "lambda": lambda: 0,
}


@pytest.mark.parametrize("trainable", WITHOUT_SOURCE.values(), ids=WITHOUT_SOURCE)
def test_without_a_source_there_is_nothing(trainable: Any) -> None:
    assert hyperparameters(trainable) == ()
    assert reported_metrics(trainable) == ()
    assert SearchSpace.from_trainable(trainable) == SearchSpace()


def test_a_decorator_that_wraps_itself_is_no_end() -> None:
    def train(config: Any) -> Any:
        return config["lr"]

    train.__wrapped__ = train  # type: ignore[attr-defined]
    assert hyperparameters(train) == ()


def test_the_config_is_the_first_parameter_that_is_not_given_yet() -> None:
    ((plain,),) = layers(t.plain)
    assert (plain.name, plain.config, plain.instance) == ("plain", "config", None)
    assert plain.shares_package(t.Called)
    assert not plain.shares_package(functools.partial)
    ((partial,),) = layers(functools.partial(t.with_data, 1))
    assert partial.config == "config"
    ((method,),) = layers(t.Called().method)
    assert method.config == "config"


def test_methods_that_get_the_config_come_first() -> None:
    (routines,) = layers(t.Derived)
    with_config = [routine.config is not None for routine in routines]
    assert any(with_config)
    assert with_config == sorted(with_config, reverse=True)
    assert {routine.instance for routine in routines} == {"self"}


def test_a_function_typed_at_a_prompt_has_no_routine() -> None:
    assert routine_of(typed()) is None
