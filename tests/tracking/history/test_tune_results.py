"""Tune's results read again: each iteration once, and replayed into a run that lacks some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tune_wandb_nb.tracking.history.tune_results import RESULTS, newest_results, replay
from tune_wandb_nb.tracking.results.rows import Row, RowRules, TrialRows


def result(iteration: int, **values: Any) -> dict[str, Any]:
    return {"training_iteration": iteration, "timestamp": 100 + iteration, **values}


def write(folder: Path, *lines: Any) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / RESULTS
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("".join(f"{text}\n" for text in texts))
    return file


def new_rows(best: dict[str, str] | None = None) -> TrialRows:
    return TrialRows(RowRules.of((), log_config=False, best=best or {}), {"lr": 0.1})


def test_an_iteration_that_was_repeated_is_read_as_it_was_reported_last(tmp_path: Path) -> None:
    first = write(tmp_path / "first", result(1, loss=3), result(2, loss=2), result(2, loss=1))
    second = write(tmp_path / "second", result(2, loss=0), result(3, loss=-1))
    found = [(r["training_iteration"], r["loss"]) for r in newest_results([first, second])]
    assert found == [(1, 3), (2, 0), (3, -1)]


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    file = write(tmp_path, result(1), "not JSON", "[1]", '{"training_iteration": 2')
    assert [r["training_iteration"] for r in newest_results([tmp_path / "none", file])] == [1]


def replayed(
    recorded: set[int], results: list[dict[str, Any]], before: int | None = None, **given: Any
) -> tuple[list[Row], Any]:
    written: list[Row] = []
    rows = new_rows(**given)
    outcome = replay(
        results, rows, is_recorded=recorded.__contains__, write=written.append, before=before
    )
    return written, outcome


def test_only_rows_that_are_missing_are_written_with_the_time_of_their_result() -> None:
    written, outcome = replayed({1, 3}, [result(i, loss=i) for i in (1, 2, 3, 4)])
    assert [row.step for row in written] == [2, 4]
    assert [row.metrics["_timestamp"] for row in written] == [102.0, 104.0]
    assert outcome.reported == 4


@pytest.mark.parametrize(
    ("recorded", "is_out_of_order"), [({1, 2}, False), ({3}, True), ({1, 3}, True), (set(), False)]
)
def test_a_row_before_one_that_is_recorded_is_out_of_order(
    recorded: set[int], is_out_of_order: bool
) -> None:
    _, outcome = replayed(recorded, [result(i, loss=i) for i in (1, 2, 3)])
    assert outcome.is_out_of_order is is_out_of_order
    assert outcome.last_values["loss"] == 3


def test_it_stops_before_an_iteration() -> None:
    written, outcome = replayed({1}, [result(i, text=f"at {i}") for i in (1, 2, 3)], before=3)
    assert [row.step for row in written] == [2]
    assert (outcome.reported, outcome.summary) == (2, {"text": "at 2"})


def test_the_summary_counts_rows_that_are_recorded_too() -> None:
    results = [result(1, accuracy=0.9, pid=7), result(2, accuracy=0.5, pid=7)]
    _, outcome = replayed({1}, results, best={"accuracy": "max"})
    assert outcome.summary == {"best/accuracy": 0.9, "best/accuracy_iteration": 1}
    assert outcome.config == {"pid": 7}


def test_results_without_an_iteration_are_counted() -> None:
    written, outcome = replayed({1}, [{"loss": 1}, {"loss": 2}])
    assert [row.metrics["loss"] for row in written] == [2]
    assert outcome.reported == 2
