"""SearchSpace: an immutable value, and the configs that it draws."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.sample import Quantized
from ray.tune.search.variant_generator import generate_variants

from tests import trainables as t
from tests.spaces import TUNE, spaces, values_of
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Grid
from tune_wandb_nb.search_space.distributions.ranges import (
    Uniform,
)
from tune_wandb_nb.search_space.distributions.values import SpaceError

# Older versions draw the ends of a quantized range half as often, and logarithms to base 10.
draws_as_today = pytest.mark.skipif(
    not hasattr(Quantized, "_grid_index"), reason="this Ray draws other values from the same seed"
)


@draws_as_today
@pytest.mark.parametrize(("tunes", "ours"), TUNE, ids=lambda value: repr(value)[:40])
def test_each_is_sampled_as_tune_does(tunes: Any, ours: Any) -> None:
    assert SearchSpace({"x": ours}).sample(40, seed=7) == values_of({"x": tunes}, 40)


@draws_as_today
@settings(deadline=None, max_examples=50)
@given(spaces(), st.integers(0, 2**32))
def test_a_seed_draws_what_tune_draws(space: SearchSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    spec = {"config": space.to_param_space()}
    tunes = [variant["config"] for _, variant in generate_variants(spec, random_state=rng)]
    assert len(tunes) == space.size
    assert space.sample(len(tunes), seed=seed) == tunes


def test_nested_names_lead_into_dictionaries_and_stand_together() -> None:
    space = SearchSpace({"a/x": Constant(1), "b": Constant(2), "a/y/z": Grid([3])})
    assert list(space) == ["a/x", "a/y/z", "b"]
    assert space.to_param_space() == {"a": {"x": 1, "y": {"z": {"grid_search": [3]}}}, "b": 2}
    assert space.sample(1) == [{"a": {"x": 1, "y": {"z": 3}}, "b": 2}]


def test_order_matters_since_it_decides_what_a_seed_draws() -> None:
    first, second = Uniform(0, 1), Constant(2)
    assert SearchSpace({"a": first, "b": second}) != SearchSpace({"b": second, "a": first})
    assert SearchSpace({"a": first}) == SearchSpace({"a": Uniform(0.0, 1.0)})
    assert hash(SearchSpace({"a": first})) == hash(SearchSpace({"a": Uniform(0, 1)}))
    assert SearchSpace({"a": second}) != {"a": second}


def test_grids_are_multiplied_out() -> None:
    grid = {"a": tune.grid_search([1, 2]), "b": {"c": tune.grid_search([1, 2, 3])}}
    space = SearchSpace.from_param_space({**grid, "d": tune.uniform(0, 1), "e": 5})
    assert space.size == 6
    assert len({(c["a"], c["b"]["c"]) for c in space.sample(6)}) == 6
    assert SearchSpace().size == 1
    assert SearchSpace().sample(2) == [{}, {}]
    assert space.sample(0) == []


def test_a_search_space_is_a_value() -> None:
    names = {"a": Choice([[1], {"k": (2,)}]), "b": Constant([1])}
    space = SearchSpace(names)
    names.clear()
    assert len(space) == 2
    assert pickle.loads(pickle.dumps(space)) == space
    with pytest.raises(TypeError, match="does not support item assignment"):
        space.parameters["c"] = Constant(1)  # type: ignore[index]
    space.to_param_space()["b"].append(2)
    space.sample(1)[0]["b"].append(2)
    assert space["b"] == Constant([1])


def test_a_space_holds_distributions_only() -> None:
    with pytest.raises(SpaceError, match="lr: there must be a distribution, but it is a float"):
        SearchSpace({"lr": 0.1})  # type: ignore[dict-item]


def test_a_space_is_suggested() -> None:
    space = SearchSpace.from_trainable(t.helped)
    assert list(space) == ["model/width", "seed", "fit/lr", "fit/batch_size", "held"]
