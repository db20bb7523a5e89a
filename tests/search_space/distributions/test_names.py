"""Names of hyperparameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Constant
from tune_wandb_nb.search_space.distributions.names import name_problems
from tune_wandb_nb.search_space.distributions.values import SpaceError


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([""], "the name is empty"),
        (["  "], "the name is empty"),
        (["a//b"], "there must be a name on both sides"),
        (["/a"], "there must be a name on both sides"),
        (["a/ b"], "no space around it"),
        (["a\x00b"], "control or invisible characters"),
        (["a\nb"], "control or invisible characters"),
        (["wandb"], "'wandb' is kept for the W&B settings"),
        (["wandb/project"], "wandb/project: 'wandb' is kept for the W&B settings"),
        (["logger_config"], "'logger_config' is kept"),
        (["a", "a/b"], "'a' cannot be a value and hold 'a/b' at the same time"),
        (["a/b/c", "a/b"], "'a/b' cannot be a value and hold 'a/b/c'"),
        (["x/grid_search"], "a command to Tune"),
        (["eval"], "a command to Tune"),
    ],
)
def test_a_space_refuses_names_that_cannot_be(names: list[str], message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        SearchSpace(dict.fromkeys(names, Constant(1)))
    assert caught.value.parameter in names


def test_each_name_has_its_problem() -> None:
    names = ["lr", "lr", "a", "a/b", "", "eval/x", "x/eval", "x/y"]
    problems = name_problems(names)
    assert sorted(problems) == [0, 1, 2, 3, 4]
    assert "rows 1 and 2 are both named 'lr'" in str(problems[0])
    assert {problem.field for problem in problems.values()} == {"name"}


@given(st.lists(st.text(alphabet="ab/ \n", max_size=5), max_size=5))
def test_no_names_raise(names: list[str]) -> None:
    problems = name_problems(names)
    if not problems:
        assert len(SearchSpace(dict.fromkeys(names, Constant(1)))) == len(names)
