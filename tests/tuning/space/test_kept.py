"""What a form cannot express is kept as it is."""

from typing import Any

import numpy as np
import pytest
import ray
from ray import tune
from ray.tune.search.variant_generator import generate_variants

from tests.spaces import from_code
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.tuning.distributions.base import Kept
from tune_wandb_nb.tuning.distributions.values import SpaceError


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


def test_what_is_kept_is_not_shown() -> None:
    space = SearchSpace.from_param_space({"x": tune.choice([relu, "secret-0000"]), "y": relu})
    assert "secret" not in repr(space) + space.to_json()
    assert Kept(relu).title == "relu (function)"
    assert Kept(tune.sample_from(relu)).title == "relu (Function)"
    assert Kept(np.zeros(1)).title == "ndarray"
