"""A search space as Python code."""

import subprocess
import sys

import pytest
from hypothesis import given, settings

from tests.spaces import from_code, spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Grid
from tune_wandb_nb.search_space.distributions.ranges import LogUniform
from tune_wandb_nb.search_space.distributions.values import SpaceError


@settings(deadline=None)
@given(spaces())
def test_a_space_comes_back_from_its_code(space: SearchSpace) -> None:
    back = from_code(space.to_code())
    assert back == space
    assert repr(back) == repr(space)


def test_the_code_is_formatted() -> None:
    long = [f"layer-{number}" for number in range(12)]
    space = SearchSpace(
        {
            "lr": LogUniform(1e-5, 1e-1),
            "opt/name": Choice(["adam", 'quo"te', "it's"]),
            "opt/long": Grid(long),
            "opt/wide": Constant(long[:8]),
            "opt/fits": Choice([word + "-long" for word in long[:4]]),
            "epochs": Constant(10),
            "layers": Choice([(64,), (64, 64)]),
        }
    )
    assert space.to_code("space") == CODE
    assert (
        SearchSpace({"epochs": Constant(1)}).to_code() == 'param_space = {\n    "epochs": 1,\n}\n'
    )
    assert SearchSpace().to_code() == "param_space = {}\n"


def test_a_formatter_has_nothing_to_do() -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "-"]
    subprocess.run(command, input=CODE, text=True, check=True)


CODE = """\
from ray import tune

space = {
    "lr": tune.loguniform(1e-05, 0.1),
    "opt": {
        "name": tune.choice(["adam", 'quo"te', "it's"]),
        "long": tune.grid_search(
            [
                "layer-0",
                "layer-1",
                "layer-2",
                "layer-3",
                "layer-4",
                "layer-5",
                "layer-6",
                "layer-7",
                "layer-8",
                "layer-9",
                "layer-10",
                "layer-11",
            ]
        ),
        "wide": [
            "layer-0",
            "layer-1",
            "layer-2",
            "layer-3",
            "layer-4",
            "layer-5",
            "layer-6",
            "layer-7",
        ],
        "fits": tune.choice(
            ["layer-0-long", "layer-1-long", "layer-2-long", "layer-3-long"]
        ),
    },
    "epochs": 10,
    "layers": tune.choice([(64,), (64, 64)]),
}
"""


@pytest.mark.parametrize("variable", ["", "a b", "class", "x = 1; y"])
def test_the_code_needs_a_variable(variable: str) -> None:
    with pytest.raises(SpaceError, match="the variable must be a name of Python"):
        SearchSpace().to_code(variable)
