from __future__ import annotations

from tests.boards import search
from tests.widgets.evil import EVIL
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.report.status import (
    errors_html,
    headline,
    status_html,
    top_trials_html,
)


def test_says_where_the_search_stands() -> None:
    now = iter([0.0])
    board = TrialBoard("m", "max", clock=lambda: next(now, 90.0))
    board.begin(expected=4)
    board.record("a", {"training_iteration": 1, "m": 0.123456})
    board.change("a", "done")
    board.add("b", name="b")
    board.describe("1/2 CPU")
    snapshot = board.snapshot()
    text = status_html(snapshot)
    for part in ("Running", "1 of 4 trials", "1 min 30 s elapsed"):
        assert part in text
    for part in ("1/2 CPU", "1 pending", "<b>0.1235</b>"):
        assert part in text


def test_a_search_that_failed_says_why() -> None:
    board = TrialBoard()
    board.begin()
    board.end(error="ValueError: <b>no</b>")
    text = status_html(board.snapshot())
    assert "Failed" in text
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text


def test_two_hundred_trials_refresh() -> None:
    snapshot = search(200)
    assert "200 of" not in status_html(snapshot)
    assert "200 trials over" in status_html(snapshot)


def test_the_headline_follows_the_search() -> None:
    board = TrialBoard("m", "max")
    assert headline(board.snapshot()) == "Not started"
    board.begin(expected=1)
    assert headline(board.snapshot()) == "Running"
    board.add("a", name="a")
    board.change("a", "stopped")
    board.end()
    assert headline(board.snapshot()) == "Stopped"


def test_errors_are_those_of_failed_trials_and_escaped() -> None:
    board = TrialBoard("m", "max")
    assert errors_html(board.snapshot()) == ""
    for name, state in (("good", "done"), ("bad", "failed")):
        board.add(name, name=name)
        board.change(name, state, error=EVIL if state == "failed" else None)
    html = errors_html(board.snapshot())
    assert "bad" in html
    assert "good" not in html
    assert "<script" not in html


def test_the_top_trials_are_the_best_ones_with_the_tuned_metric() -> None:
    html = top_trials_html(search(30), most=3)
    assert html.count("<tr>") == 4
    assert "score" in html
    assert "hyperparameters" in html
    assert top_trials_html(TrialBoard("m", "max").snapshot()) == ""
