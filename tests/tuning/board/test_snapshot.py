"""Snapshots of a board: which trial is best, and how long the search has run."""

from __future__ import annotations

import math

import pytest

from tests.boards import result
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import score_of


@pytest.mark.parametrize(("mode", "best"), [("max", "b"), ("min", "a")])
def test_best_is_judged_by_the_last_value_as_tune_does(mode: str, best: str) -> None:
    board = TrialBoard("m", mode)
    for trial, value in [("a", 1.0), ("b", 2.0), ("c", math.nan), ("d", math.inf)]:
        board.record(trial, result(1, m=value))
    board.record("e", result(1, other=1.0))
    snapshot = board.snapshot()
    assert snapshot.best is not None
    assert snapshot.best.trial_id == best
    assert {t.trial_id for t in snapshot.ranked()} == {"a", "b"}


def test_no_metric_no_best() -> None:
    board = TrialBoard()
    board.record("a", result(1, m=1.0))
    assert board.snapshot().best is None


def test_elapsed_time_stops_with_the_search() -> None:
    now = iter([100.0, 130.0, 999.0])
    board = TrialBoard(clock=lambda: next(now))
    board.begin()
    board.end()
    assert board.snapshot().elapsed == 30


@pytest.mark.parametrize(
    ("metrics", "mode", "score"),
    [
        ({"m": 2.0}, "max", 2.0),
        ({"m": 2.0}, "min", -2.0),
        ({"m": 2.0}, None, 2.0),
        ({"m": math.nan}, "max", -math.inf),
        ({"m": math.inf}, "max", -math.inf),
        ({}, "min", -math.inf),
    ],
)
def test_a_better_trial_has_a_higher_score(
    metrics: dict[str, float], mode: str | None, score: float
) -> None:
    assert score_of(metrics, "m", mode) == score
    assert score_of(metrics, None, mode) == -math.inf


def test_a_snapshot_does_not_change_with_its_board() -> None:
    board = TrialBoard("m", "max")
    board.record("a", result(1, m=1.0))
    before = board.snapshot()
    board.record("a", result(2, m=2.0))
    assert before.trials[0].metrics == {"m": 1.0}
    assert before.revision < board.snapshot().revision
    with pytest.raises(TypeError, match="does not support item assignment"):
        before.trials[0].metrics["m"] = 3.0  # type: ignore[index]
