"""Rows of two origins in one run: every one has its place, whatever steps the trial asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.worker.merged_rows import MergedRows


class Wandb:
    """W&B's rule: a row is what is logged at one step, and one whose step goes back is dropped."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}
        self.step = 0
        self.dropped: list[dict[str, Any]] = []
        self.overwritten = 0

    def log(self, data: dict[str, Any], step: int, commit: bool) -> None:
        if step < self.step:
            self.dropped.append(data)
            return
        self.step = step
        row = self.rows.setdefault(step, {})
        self.overwritten += sum(key in row and row[key] != data[key] for key in data)
        row.update(data)
        if commit:
            self.step += 1


@pytest.fixture
def backend() -> Wandb:
    return Wandb()


def test_without_steps_every_row_is_its_own(backend: Wandb) -> None:
    rows = MergedRows(backend.log, 3)
    for i in range(2):
        rows.log({"loss": i})
        rows.report({"loss": -i})
    assert backend.rows == {3: {"loss": 0}, 4: {"loss": 0}, 5: {"loss": 1}, 6: {"loss": -1}}
    assert rows.next_step == 7


def test_a_reported_row_joins_the_step_that_was_begun(backend: Wandb) -> None:
    rows = MergedRows(backend.log)
    rows.log({"loss": 1.0}, step=10)
    rows.report({"loss": 1.0, "accuracy": 2})
    rows.log({"late": 3}, step=10)
    rows.log({"loss": 4}, step=11)
    assert backend.rows == {10: {"loss": 1.0, "accuracy": 2, "late": 3}, 11: {"loss": 4}}


def test_a_metric_that_has_another_value_there_is_renamed(backend: Wandb) -> None:
    rows = MergedRows(backend.log)
    rows.log({"loss": 1}, step=0)
    rows.report({"loss": 2})
    assert backend.rows == {0: {"loss": 1, "reported/loss": 2}}


def test_a_row_that_is_not_committed_is_joined_too(backend: Wandb) -> None:
    rows = MergedRows(backend.log)
    rows.log({"a": 1}, commit=False)
    rows.report({"b": 2})
    rows.log({"c": 3})
    assert backend.rows == {0: {"a": 1, "b": 2, "c": 3}}


def test_a_second_report_in_one_step_moves_what_comes_later(backend: Wandb) -> None:
    rows = MergedRows(backend.log)
    rows.log({"loss": 1}, step=0)
    rows.report({"r": 1})
    rows.report({"r": 2})
    rows.log({"late": 1}, step=0)
    rows.log({"loss": 2}, step=1)
    assert backend.rows == {0: {"loss": 1, "r": 1}, 1: {"r": 2}, 2: {"late": 1}, 3: {"loss": 2}}


CALLS = st.lists(
    st.one_of(
        st.just("report"),
        st.just("log"),
        st.just("begin"),
        st.integers(min_value=0, max_value=6),
    ),
    max_size=30,
)


@given(CALLS)
def test_nothing_is_ever_dropped_or_overwritten(calls: list[Any]) -> None:
    backend = Wandb()
    rows = MergedRows(backend.log)
    for number, call in enumerate(calls):
        own = {f"own {number}": number}
        if call == "report":
            rows.report({"reported": number})
        elif call == "log":
            rows.log(own)
        elif call == "begin":
            rows.log(own, commit=False)
        else:
            rows.log(own, step=call)
    logged = [value for row in backend.rows.values() for value in row.values()]
    assert sorted(logged) == list(range(len(calls)))
    assert backend.dropped == []
    assert backend.overwritten == 0
