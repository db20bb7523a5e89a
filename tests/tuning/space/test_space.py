"""SearchSpace: Tune <-> form <-> JSON, code, W&B sweep."""

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.sample import Categorical, Domain, Float, Integer, Quantized
from ray.tune.search.variant_generator import generate_variants

from tests.spaces import spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.tuning.distributions.base import Choice, Constant, Grid, QRandn, Randn
from tune_wandb_nb.tuning.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.tuning.distributions.values import SpaceError

# What Tune's functions make, and what it is in the form.
TUNE = [
    (tune.uniform(0, 1), Uniform(0, 1)),
    (tune.quniform(-1, 1, 0.1), QUniform(-1, 1, 0.1)),
    (tune.loguniform(1e-4, 1e-1), LogUniform(1e-4, 1e-1)),
    (tune.qloguniform(0.5, 64, 0.5), QLogUniform(0.5, 64, 0.5)),
    (tune.randn(), Randn(0, 1)),
    (tune.randn(10, 2), Randn(10, 2)),
    (tune.qrandn(10, 2, 0.2), QRandn(10, 2, 0.2)),
    (tune.randint(-9, 15), RandInt(-9, 15)),
    (tune.qrandint(-20, 10, 5), QRandInt(-20, 10, 5)),
    (tune.qrandint(1, 11, 3), QRandInt(3, 9, 3)),
    (tune.qrandint(2, 7, 1), RandInt(2, 7)),
    (tune.qrandint(2, 7), RandInt(2, 7)),
    (tune.lograndint(1, 1000), LogRandInt(1, 1000)),
    (tune.qlograndint(16, 1024, 16), QLogRandInt(16, 1024, 16)),
    (tune.qlograndint(10, 100, 16), QLogRandInt(16, 96, 16)),
    (tune.qlograndint(2, 9, 1), LogRandInt(2, 9)),
    (tune.choice(["a", 1, None]), Choice(["a", 1, None])),
    (tune.choice(np.array([0.1, 0.2])), Choice([0.1, 0.2])),
    (tune.choice([(1, 2), [3]]), Choice([(1, 2), [3]])),
    (tune.grid_search([1, 2]), Grid([1, 2])),
    (Categorical([1, 2]).grid(), Grid([1, 2])),
    (Float(0, 1), Uniform(0, 1)),
    (Integer(0, 9), RandInt(0, 9)),
    (tune.uniform(np.float32(0), np.int64(1)), Uniform(0, 1)),
    (3, Constant(3)),
    (np.float64(0.5), Constant(0.5)),
    ({}, Constant({})),
    ([1, (2, "x")], Constant([1, (2, "x")])),
]


def values_of(param_space: dict[str, Any], trials: int = 12) -> list[Any]:
    """Return the configs of the first trials that Tune itself makes of a param_space."""
    rng, found = np.random.default_rng(7), []
    while len(found) < trials:
        variants = generate_variants({"config": param_space}, random_state=rng)
        found += [variant["config"] for _, variant in itertools.islice(variants, trials)]
    return found[:trials]


# Older versions draw the ends of a quantized range half as often, and logarithms to base 10.
draws_as_today = pytest.mark.skipif(
    not hasattr(Quantized, "_grid_index"), reason="this Ray draws other values from the same seed"
)


@pytest.mark.parametrize(("tunes", "ours"), TUNE, ids=lambda value: repr(value)[:40])
def test_each_of_tunes_distributions_has_its_form(tunes: Any, ours: Any) -> None:
    space = SearchSpace.from_param_space({"x": tunes})
    assert space == SearchSpace({"x": ours})
    assert repr(space) == repr(SearchSpace({"x": ours})), "1 and True and 1.0 are equal, not alike"
    assert values_of(space.to_param_space(), 40) == values_of({"x": tunes}, 40)


@draws_as_today
@pytest.mark.parametrize(("tunes", "ours"), TUNE, ids=lambda value: repr(value)[:40])
def test_each_is_sampled_as_tune_does(tunes: Any, ours: Any) -> None:
    assert SearchSpace({"x": ours}).sample(40, seed=7) == values_of({"x": tunes}, 40)


@settings(deadline=None)
@given(spaces())
def test_a_space_comes_back_from_tune(space: SearchSpace) -> None:
    back = SearchSpace.from_param_space(space.to_param_space())
    assert back == space
    assert repr(back) == repr(space)


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


@pytest.mark.parametrize(
    ("param_space", "message"),
    [
        ({"opt": {"lr": tune.uniform(1, 0)}}, "opt/lr: lower must be below upper"),
        ({"lr": tune.uniform(0, 0)}, "lr: lower must be below upper"),
        ({"lr": tune.choice([])}, "lr: values must hold at least one value"),
        ({"lr": tune.grid_search([])}, "lr: values must hold at least one value"),
        ({"n": tune.qrandint(8, 12, 10)}, "n: lower must be below upper"),
        ({"n": Integer(None, 5)}, "n: lower must be a number, but it is a NoneType"),
        ({"n": Float(None, 5)}, "n: lower must be a finite number"),
        ({"a/b": 1}, "one is 'a/b'; nest a dictionary"),
        ({1: 2}, "one is 1"),
        ([1], "a param_space must be a dictionary, but it is a list"),
    ],
)
def test_a_wrong_param_space_is_refused_by_name(param_space: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        SearchSpace.from_param_space(param_space)


def test_the_wandb_settings_are_no_hyperparameters() -> None:
    entry = {"project": "p", "api_key": "0" * 40}
    param_space = {"wandb": entry, "logger_config": {"wandb": entry}, "lr": 0.1}
    space = SearchSpace.from_param_space(param_space)
    assert list(space) == ["lr"]
    assert "0000" not in space.to_json() + space.to_code() + repr(space)


def test_domains_are_the_ones_that_were_given() -> None:
    for tunes, _ in TUNE:
        back = SearchSpace.from_param_space({"x": tunes}).to_param_space()["x"]
        if isinstance(tunes, Domain) and not tunes.is_grid():
            assert type(back) is type(tunes)
            assert (
                type(back.get_sampler()) is type(tunes.get_sampler()) or tunes.get_sampler().q == 1
            )
