"""Rows of a table, as they are typed, and the space that they make."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spaces import spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Kept
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, QRandInt
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.space_rows import Row, read_rows, rows_of


def test_rows_make_a_space() -> None:
    rows = [
        Row(" lr ", "loguniform", {"lower": "1e-4", "upper": "0.1", "q": "left from before"}),
        Row("opt/name", "choice", {"values": "adam, sgd"}),
        Row("width", "qrandint", {"lower": "16", "upper": "1e2", "q": "4"}),
        Row("epochs", "constant", {"value": "10"}),
        Row("loss", "kept", kept=Kept(print)),
    ]
    space, problems = read_rows(rows)
    assert problems == []
    assert space == SearchSpace(
        {
            "lr": LogUniform(1e-4, 0.1),
            "opt/name": Choice(["adam", "sgd"]),
            "width": QRandInt(16, 100, 4),
            "epochs": Constant(10),
            "loss": Kept(print),
        }
    )


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        (Row("", "constant", {"value": "1"}), "name", "the name is empty"),
        (Row("x"), "lower", "lower is empty"),
        (Row("x", "uniform", {"lower": "0"}), "upper", "upper is empty"),
        (Row("x", "uniform", {"lower": "a", "upper": "1"}), "lower", "lower must be a number"),
        (Row("x", "uniform", {"lower": "1", "upper": "0"}), "lower", "lower must be below upper"),
        (Row("x", "randint", {"lower": "0.5", "upper": "2"}), "lower", "a whole number"),
        (Row("x", "quniform", {"lower": "0", "upper": "1", "q": "0"}), "q", "q must be above 0"),
        (Row("x", "choice", {"values": ""}), "values", "values is empty"),
        (Row("x", "constant", {"value": "{'a': 1}"}), "value", "one row for each of its keys"),
        (Row("x", "beta"), "kind", "the kind must be one of"),
        (Row("x", "kept"), "kind", "the kind must be one of"),
    ],
)
def test_a_problem_names_row_field_and_reason(row: Row, field: str, message: str) -> None:
    space, problems = read_rows([Row("fine", "constant", {"value": "1"}), row])
    assert space is None
    (problem,) = problems
    assert (problem.row, problem.field) == (1, field)
    assert message in problem.message


def test_all_problems_are_found_at_once() -> None:
    fine = {"value": "1"}
    rows = [Row("a", "constant", fine), Row("a/b", "uniform"), Row("a", "constant", fine)]
    space, problems = read_rows(rows)
    assert space is None
    assert [(p.row, p.field) for p in problems] == [
        (0, "name"),
        (1, "name"),
        (1, "lower"),
        (2, "name"),
    ]


def test_no_rows_make_an_empty_space() -> None:
    assert read_rows([]) == (SearchSpace(), [])


@settings(deadline=None)
@given(spaces())
def test_a_space_comes_back_from_its_rows(space: SearchSpace) -> None:
    back, problems = read_rows(rows_of(space))
    assert problems == []
    assert back == space
    assert repr(back) == repr(space)


FIELD_TEXTS = st.dictionaries(
    st.sampled_from(["lower", "upper", "q", "mean", "sd", "values", "value"]),
    st.text(max_size=10)
    | st.sampled_from(["0", "1", "-1", "1e308", "-1e308", "1e-320", "2", "0.5"]),
)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(Row, st.text("ab/ ", max_size=3), st.sampled_from([*KINDS, "?"]), FIELD_TEXTS)
    )
)
def test_no_rows_raise(rows: list[Row]) -> None:
    space, problems = read_rows(rows)
    assert (space is None) == bool(problems)
    if space is not None:
        draw_from(space)


def draw_from(space: SearchSpace) -> Any:
    try:
        return space.sample(3, seed=1)
    except SpaceError as error:  # pragma: no cover
        pytest.fail(str(error))
