"""Search spaces as W&B sweeps: what W&B's schema of sweeps allows, and what Tune can draw."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spaces import SWEEP_NAMES, constants, distributions, grids, spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    QRandn,
    Randn,
)
from tune_wandb_nb.search_space.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.search_space.distributions.values import SpaceError

# W&B includes both ends; Tune leaves the upper end of whole numbers out unless they have steps.
BOTH_WAYS = [
    (Uniform(0, 1), {"distribution": "uniform", "min": 0.0, "max": 1.0}),
    (QUniform(0, 2, 1), {"distribution": "q_uniform", "min": 0.0, "max": 2.0, "q": 1.0}),
    (LogUniform(1e-4, 1), {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0}),
    (
        QLogUniform(1, 8, 0.5),
        {"distribution": "q_log_uniform_values", "min": 1.0, "max": 8.0, "q": 0.5},
    ),
    (Randn(0, 2), {"distribution": "normal", "mu": 0.0, "sigma": 2.0}),
    (QRandn(0, 2, 0.5), {"distribution": "q_normal", "mu": 0.0, "sigma": 2.0, "q": 0.5}),
    (RandInt(1, 10), {"distribution": "int_uniform", "min": 1, "max": 9}),
    (QRandInt(0, 10, 5), {"distribution": "q_uniform", "min": 0, "max": 10, "q": 5}),
    (LogRandInt(1, 10), {"distribution": "q_log_uniform_values", "min": 1, "max": 9, "q": 1}),
    (QLogRandInt(8, 64, 8), {"distribution": "q_log_uniform_values", "min": 8, "max": 64, "q": 8}),
    (Choice(["a", None, [1]]), {"values": ["a", None, [1]]}),
    (Constant(3), {"value": 3}),
    (Constant({}), {"value": {}}),
]

READ = [
    ({"min": 0.0, "max": 1.0}, Uniform(0, 1)),
    ({"min": 0, "max": 1.0}, Uniform(0, 1)),
    ({"min": 0, "max": 5}, RandInt(0, 6)),
    ({"distribution": "q_uniform", "min": 0, "max": 5}, QUniform(0, 5, 1)),
    ({"distribution": "q_uniform", "min": 0, "max": 5, "q": 1}, RandInt(0, 6)),
    ({"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.5}, QUniform(0, 1, 0.5)),
    ({"distribution": "log_uniform", "min": -2, "max": 0}, LogUniform(math.exp(-2), 1)),
    ({"distribution": "inv_log_uniform", "min": 0, "max": 2}, LogUniform(math.exp(-2), 1)),
    ({"distribution": "inv_log_uniform_values", "min": 0.1, "max": 2}, LogUniform(0.1, 2)),
    ({"distribution": "normal"}, Randn(0, 1)),
    ({"distribution": "q_normal", "mu": 3}, QRandn(3, 1, 1)),
    ({"distribution": "categorical", "values": [1]}, Choice([1])),
    ({"distribution": "constant", "value": 1}, Constant(1)),
]


@pytest.mark.parametrize(("ours", "spec"), BOTH_WAYS, ids=lambda value: repr(value)[:40])
def test_a_distribution_has_its_sweep_both_ways(ours: Distribution, spec: dict[str, Any]) -> None:
    config = SearchSpace({"x": ours}).to_sweep_config()
    assert config == {"method": "random", "parameters": {"x": spec}}
    assert repr(config["parameters"]["x"]) == repr(spec), "the type of q decides what W&B draws"
    assert SearchSpace.from_sweep_config(config) == SearchSpace({"x": ours})


@pytest.mark.parametrize(("spec", "ours"), READ, ids=lambda value: repr(value)[:40])
def test_w_and_bs_other_ways_to_say_it_are_read(spec: dict[str, Any], ours: Distribution) -> None:
    space = SearchSpace.from_sweep_config({"parameters": {"x": spec}})
    assert repr(space["x"]) == repr(ours)


def test_grids_and_nested_names() -> None:
    space = SearchSpace({"opt/lr": Grid([1, 2]), "opt/name": Constant("adam"), "n": Constant(1)})
    config = space.to_sweep_config("loss", "max")
    assert config == {
        "method": "grid",
        "metric": {"name": "loss", "goal": "maximize"},
        "parameters": {
            "opt": {"parameters": {"lr": {"values": [1, 2]}, "name": {"value": "adam"}}},
            "n": {"value": 1},
        },
    }
    assert SearchSpace.from_sweep_config(config) == space


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "at least one parameter, but the search space is empty"),
        ({"g": Grid([1]), "lr": Uniform(0, 1)}, r"^g: .* or draws at random, not both.*'lr'"),
        ({"opt/n": RandInt(3, 4)}, r"^opt/n: W&B asks for two values .*only 3 can be drawn"),
        ({"x y": Constant(1)}, r"^x y: names in a W&B sweep"),
        ({"a/ä": Constant(1)}, r"^a/ä: names in a W&B sweep"),
        ({"layers": Choice([(64, 64)])}, r"^layers: W&B has no tuples"),
        ({"layers": Constant([{"a": (1,)}])}, r"^layers: W&B has no tuples"),
    ],
)
def test_what_w_and_b_cannot_express_is_named(parameters: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        SearchSpace(parameters).to_sweep_config()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "a dictionary with a dictionary 'parameters'"),
        ({}, "'parameters' is a NoneType"),
        ({"parameters": {"x": 1}}, r"^x: a parameter of a sweep is a dictionary"),
        ({"parameters": {"a/b": {"value": 1}}}, "a name must be text without"),
        ({"parameters": {1: {"value": 1}}}, "a name must be text without"),
        ({"parameters": {"wandb": {"value": 1}}}, r"^wandb: 'wandb' is kept"),
        ({"parameters": {"x": {"distribution": "beta"}}}, r"^x: Tune cannot express .* 'beta'"),
        ({"parameters": {"x": {"distribution": ["?"]}}}, r"^x: Tune cannot express"),
        ({"parameters": {"x": {"distribution": "log_normal"}}}, r"^x: Tune cannot express"),
        (
            {"parameters": {"x": {"values": [1, 2], "probabilities": [0.1, 0.9]}}},
            r"^x: Tune cannot express .* 'categorical_w_probabilities'",
        ),
        (
            {"parameters": {"x": {"value": 1, "min": 0}}},
            r"^x: constant has the keys value, but here are value, min",
        ),
        ({"parameters": {"x": {}}}, r"^x: uniform has the keys min, max, but here are none"),
        ({"parameters": {"x": {"min": 0.0}}}, r"^x: uniform has the keys min, max, .* are min"),
        ({"parameters": {"x": {"min": 1.0, "max": 0.0}}}, r"^x: lower must be below upper"),
        ({"parameters": {"x": {"min": "1e-4", "max": 1.0}}}, r"^x: lower must be a number"),
        ({"parameters": {"x": {"values": []}}}, r"^x: values must hold at least one"),
        (
            {"parameters": {"x": {"distribution": "log_uniform", "min": 0, "max": 999}}},
            r"^x: max is the exponent .*below 709",
        ),
        (
            {"method": "grid", "parameters": {"a": {"parameters": {"x": {"min": 0, "max": 5}}}}},
            r"^a/x: a grid goes through every value",
        ),
    ],
)
def test_a_sweep_that_tune_cannot_draw_is_refused_by_name(config: Any, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        SearchSpace.from_sweep_config(config)


def test_mode_is_min_or_max() -> None:
    with pytest.raises(SpaceError, match="mode must be 'min' or 'max', but it is 'best'"):
        SearchSpace({"x": Constant(1)}).to_sweep_config("loss", "best")  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    st.one_of(
        spaces(distributions(tuples=False, single=False), SWEEP_NAMES, least=1),
        spaces(grids(tuples=False) | constants(tuples=False), SWEEP_NAMES, least=1).filter(
            lambda space: any(isinstance(found, Grid) for found in space.values())
        ),
    )
)
def test_a_space_comes_back_from_a_sweep(space: SearchSpace) -> None:
    config = json.loads(json.dumps(space.to_sweep_config()))
    back = SearchSpace.from_sweep_config(config)
    assert back == space
    assert repr(back) == repr(space)


@settings(deadline=None)
@given(spaces())
def test_a_sweep_is_exact_or_refused_by_name(space: SearchSpace) -> None:
    try:
        config = space.to_sweep_config()
    except SpaceError as error:
        assert error.parameter in space or not space  # noqa: PT017
        return
    assert SearchSpace.from_sweep_config(config) == space
