"""The schedule of hyperparameters that change while trials run."""

from __future__ import annotations

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.schedule import schedule_data


def test_schedule_follows_the_changes_and_who_copied_whom() -> None:
    board = TrialBoard("m", "max")
    for name in ("a", "b"):
        board.add(name, name=f"trial_{name}", params={"lr": 0.1, "n": 1})
        for step in (1, 2, 3):
            board.record(
                name, {"training_iteration": step, "m": 1.0, "config": {"lr": 0.1, "n": 1}}
            )
    board.copied("a", "b")
    board.record("a", {"training_iteration": 4, "m": 1.0, "config": {"lr": 0.2, "n": 1}})
    data = schedule_data(board.snapshot())
    assert data is not None
    assert data.param == "lr"
    assert data.steps["a"] == ((0, 0.1), (3, 0.2), (4, 0.2))
    assert data.steps["b"] == ((0, 0.1), (3, 0.1))
    (change,) = data.changes
    assert (change.trial, change.copied, change.values) == (
        "trial_a",
        "trial_b",
        (("lr", 0.1, 0.2),),
    )
    assert schedule_data(search(2)) is None
