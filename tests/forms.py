"""Filled-in forms of a search, for tests."""

from __future__ import annotations

from hypothesis import strategies as st

from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Constant, Grid
from tune_wandb_nb.search_space.distributions.ranges import LogUniform
from tune_wandb_nb.search_space.distributions.registry import KINDS, field_names
from tune_wandb_nb.tuning.form.setup import Setup, read_setup
from tune_wandb_nb.tuning.form.space_rows import Row, rows_of
from tune_wandb_nb.tuning.plan.plan import Plan

KEY = "0123456789abcdef" * 2 + "01234567"


SPACE = SearchSpace({"lr": LogUniform(1e-4, 0.1), "batch": Grid([16, 32]), "epochs": Constant(3)})


def setup(space: SearchSpace = SPACE, **fields: str) -> Setup:
    return Setup({"metric": "accuracy", **fields}, rows_of(space))


def plan(space: SearchSpace = SPACE, **fields: str) -> Plan:
    reading = read_setup(setup(space, **fields))
    assert reading.problems == ()
    assert reading.plan is not None
    return reading.plan


def problems(space: SearchSpace = SPACE, **fields: str) -> dict[str, str]:
    reading = read_setup(setup(space, **fields))
    assert (reading.plan is None) == bool(reading.problems)
    return {problem.field: problem.message for problem in reading.problems}


TYPED = st.text(max_size=12) | st.text(
    alphabet="0123456789.,-+e naif/\\'\"()[]<>\x00\n", max_size=12
)


ROWS = st.builds(
    Row,
    TYPED | st.sampled_from(["lr", "opt/lr", "wandb"]),
    st.sampled_from([*KINDS, "nonsense"]),
    st.dictionaries(
        st.sampled_from(sorted({name for kind in KINDS for name in field_names(kind)})), TYPED
    ),
)
