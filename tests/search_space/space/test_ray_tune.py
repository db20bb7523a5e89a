"""Search spaces from Tune's objects and back; what a form cannot express is kept as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ray
from hypothesis import given, settings
from ray import tune
from ray.tune.search.sample import Domain, Float, Integer
from ray.tune.search.variant_generator import generate_variants

from tests.spaces import TUNE, from_code, spaces, values_of
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.values import SpaceError


@pytest.mark.parametrize(("tunes", "ours"), TUNE, ids=lambda value: repr(value)[:40])
def test_each_of_tunes_distributions_has_its_form(tunes: Any, ours: Any) -> None:
    space = SearchSpace.from_param_space({"x": tunes})
    assert space == SearchSpace({"x": ours})
    assert repr(space) == repr(SearchSpace({"x": ours})), "1 and True and 1.0 are equal, not alike"
    assert values_of(space.to_param_space(), 40) == values_of({"x": tunes}, 40)


@settings(deadline=None)
@given(spaces())
def test_a_space_comes_back_from_tune(space: SearchSpace) -> None:
    back = SearchSpace.from_param_space(space.to_param_space())
    assert back == space
    assert repr(back) == repr(space)


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


def relu() -> None:
    """Something that a form cannot express."""


KEPT = {
    "sampled": tune.sample_from(lambda config: config["lr"] * 2),
    "eval": {"eval": "spec.config.lr"},
    "function": relu,
    "choice of functions": tune.choice([relu, print]),
    "list of domains": [tune.uniform(0, 1), 2],
    "grid of domains": tune.grid_search([{"a": tune.uniform(0, 1)}, {}]),
    "strange keys": {0: tune.uniform(0, 1)},
    "slash in a key": {"a/b": 1},
    "nan": float("nan"),
    "array": np.zeros(3),
    "set": {1, 2},
}


@pytest.mark.parametrize("value", KEPT.values(), ids=KEPT)
def test_what_the_form_cannot_express_is_kept_as_it_is(value: Any) -> None:
    space = SearchSpace.from_param_space({"lr": 0.1, "opt": {"x": value}})
    assert space["opt/x"] == Kept(value)
    assert space["opt/x"] != Kept(object())
    assert hash(space["opt/x"]) == hash(Kept(value))
    assert space.to_param_space()["opt"]["x"] is value
    assert space.sample(1)[0]["opt"]["x"] is value
    assert SearchSpace.from_param_space(space.to_param_space()) == space
    assert SearchSpace.from_json(space.to_json(), kept={"opt/x": value}) == space
    code = space.to_code(kept_from="mine")
    assert '"x": mine["opt"]["x"],' in code
    assert from_code(code, mine={"opt": {"x": value}}) == space
    for convert in (space.to_code, space.to_sweep_config):
        with pytest.raises(SpaceError, match=r"opt/x: .*cannot"):
            convert()
    with pytest.raises(SpaceError, match="opt/x: JSON cannot hold"):
        SearchSpace.from_json(space.to_json())


IN_LIST = [tune.grid_search([1, 2]), relu]
NESTED = tune.grid_search([{"a": tune.grid_search([1, 2]), "b": relu}, 3])


@pytest.mark.parametrize(("kept", "size"), [(NESTED, 3), (IN_LIST, 2), ([IN_LIST], 2)])
def test_grids_in_what_is_kept_count(kept: Any, size: int) -> None:
    assert SearchSpace.from_param_space({"x": kept}).size == size


nested = pytest.param(
    NESTED,
    marks=pytest.mark.skipif(
        ray.__version__ == "2.44.0", reason="Ray 2.44 knows no grid in a grid"
    ),
)


@pytest.mark.parametrize("kept", [nested, IN_LIST, [IN_LIST]])
def test_tune_makes_as_many_trials(kept: Any) -> None:
    space = SearchSpace.from_param_space({"x": kept})
    assert len(list(generate_variants({"config": {"x": kept}}))) == space.size
