"""The kind and range that a name and a default suggest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spaces import values
from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Distribution
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, RandInt, Uniform
from tune_wandb_nb.search_space.inspection.detect import Hyperparameter
from tune_wandb_nb.search_space.inspection.suggest import suggest

BY_NAME = [
    ("lr", LogUniform(1e-5, 1e-1)),
    ("opt/learning_rate", LogUniform(1e-5, 1e-1)),
    ("learningRate", LogUniform(1e-5, 1e-1)),
    ("weight_decay", LogUniform(1e-6, 1e-2)),
    ("momentum", Uniform(0.5, 0.99)),
    ("dropout", Uniform(0, 0.5)),
    ("gamma", Uniform(0.9, 0.999)),
    ("beta1", Uniform(0.9, 0.999)),
    ("batch_size", Choice([32, 64, 128])),
    ("hidden_dim", Choice([64, 128, 256])),
    ("num_layers", RandInt(1, 6)),
    ("epochs", Constant(10)),
    ("num_epochs", Constant(10)),
    ("seed", Constant(0)),
    ("optimizer", Choice(["adam", "sgd"])),
    ("activation", Choice(["relu", "tanh", "gelu"])),
    ("mystery", Uniform(0, 1)),
    ("color", Uniform(0, 1)),
]

BY_DEFAULT = [
    ("lr", 0.003, LogUniform(0.0003, 0.03)),
    ("lr", "auto", Constant("auto")),
    ("momentum", 0.9, Uniform(0.5, 0.99)),
    ("momentum", 0.2, Uniform(0, 1)),
    ("batch_size", 64, Choice([32, 64, 128])),
    ("batch_size", 1, Choice([1, 2, 4])),
    ("epochs", 3, Constant(3)),
    ("seed", 42, Constant(42)),
    ("num_layers", 4, RandInt(2, 9)),
    ("optimizer", "lamb", Choice(["lamb", "adam", "sgd"])),
    ("mystery", 10, RandInt(5, 21)),
    ("mystery", 1, RandInt(1, 3)),
    ("mystery", 0, RandInt(0, 11)),
    ("mystery", -4, RandInt(-8, -1)),
    ("mystery", 0.5, Uniform(0, 1)),
    ("mystery", 4.0, Uniform(2, 8)),
    ("mystery", -4.0, Uniform(-8, -2)),
    ("mystery", 1e-8, LogUniform(1e-9, 1e-7)),
    ("mystery", True, Choice([True, False])),
    ("use_momentum", False, Choice([False, True])),
    ("mystery", "text", Constant("text")),
    ("mystery", None, Constant(None)),
    ("mystery", [1, 2], Constant([1, 2])),
    ("mystery", 10**30, Constant(10**30)),
    ("mystery", 1.7e308, Constant(1.7e308)),
]


@pytest.mark.parametrize(("name", "suggested"), BY_NAME)
def test_a_name_suggests(name: str, suggested: Distribution) -> None:
    assert repr(suggest(Hyperparameter(name))) == repr(suggested)


@pytest.mark.parametrize(("name", "default", "suggested"), BY_DEFAULT)
def test_a_default_suggests(name: str, default: Any, suggested: Distribution) -> None:
    found = suggest(Hyperparameter(name, has_default=True, default=default))
    assert repr(found) == repr(suggested)


@given(st.sampled_from([name for name, _ in BY_NAME]) | st.text(), values(), st.booleans())
def test_there_is_always_a_suggestion(name: str, default: Any, has_default: bool) -> None:
    if not isinstance(default, dict):
        assert suggest(Hyperparameter(name, has_default, default)).kind
