"""What a page gets of a search, and what a person does in it."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from typing import Any

import pytest

from tests.boards import result
from tests.widgets.dashboard.page import Page
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def done() -> list[Any]:
    return []


@pytest.fixture
def view(clock: Clock, done: list[Any]) -> TrialsView:
    return TrialsView(stop=lambda: done.append("stop"), stop_trial=done.append, clock=clock)


def running(trials: int = 1) -> TrialBoard:
    board = TrialBoard("m", "max")
    board.begin(expected=trials)
    for i in range(trials):
        board.record(f"t{i}", result(1, m=float(i)))
    return board


def test_a_repeated_question_is_answered_once_however_often_it_waited(
    view: TrialsView, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, again = Page(view, monkeypatch), {"kind": "ready", "again": True}
    view.show(running().snapshot(), SearchContext())
    page.ask()
    sent = len(page.messages)
    for _ in range(5):
        page.say(again)
    assert len(page.messages) == sent, "the answer to the first question is on its way"
    clock.now += 60
    for _ in range(5):
        page.say(again)
    assert [message["kind"] for message in page.messages[sent:]] == ["state"]
    page.ask()
    assert len(page.messages) == sent + 2, "another page, which must not wait"


def test_a_page_that_asks_gets_all_and_then_what_changes(
    view: TrialsView, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(view, monkeypatch)
    board = running()
    view.show(board.snapshot(), SearchContext())
    page.ask()
    board.record("t0", result(2, m=7.0))
    clock.now += 5
    view.show(board.snapshot(), SearchContext())
    assert [message["kind"] for message in page.messages] == ["state", "state", "change"]
    assert page.curves["t0", "m"][:, 2].tolist() == [0, 7]
    assert page.messages[-1]["curves"][0]["from"] == 1
    clock.now += 5
    view.show(board.snapshot(), SearchContext())
    assert len(page.messages) == 3, "nothing has changed"


def test_until_a_page_asks_all_is_sent_now_and_then_since_a_busy_kernel_cannot_answer(
    view: TrialsView, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(view, monkeypatch)
    board = running()
    for second in range(10):
        clock.now = second
        board.record("t0", result(second + 1, m=1.0))
        view.show(board.snapshot(), SearchContext())
    kinds = [message["kind"] for message in page.messages]
    assert kinds[:3] == ["state", "change", "state"]
    assert 3 <= kinds.count("state") <= 5
    page.ask()
    view.expect_page()
    clock.now = 100
    view.show(board.snapshot(), SearchContext())
    assert page.messages[-1]["kind"] == "state", "it is displayed once more"


def test_much_data_is_sent_less_often_until_the_search_ends(
    view: TrialsView, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(view, monkeypatch)
    board = running(200)
    view.show(board.snapshot(), SearchContext())
    page.ask()
    before = len(page.messages)
    for second in range(1, 6):
        clock.now = second * 0.1
        for i in range(200):
            board.record(f"t{i}", result(second + 1, m=float(i)))
        view.show(board.snapshot(), SearchContext())
    assert len(page.messages) == before + 1
    board.end()
    view.show(board.snapshot(), SearchContext())
    assert len(page.messages) == before + 2
    assert page.search["ended"] is not None
    assert page.trials["t7"]["iteration"] == 6


def test_clicks_reach_the_search_and_nonsense_does_not(
    view: TrialsView, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(view, monkeypatch)
    nonsense: list[object] = [None, 3, {}, {"kind": "stop-trial"}, {"kind": "stop-trial", "id": 3}]
    for content in [*nonsense, {"kind": "stop-trial", "id": "t0"}, {"kind": "stop"}]:
        page.say(content)
    assert done == ["t0", "stop"]


def test_what_is_kept_is_the_whole_state(view: TrialsView) -> None:
    board = running(3)
    view.keep(view.lasting(board.snapshot(), SearchContext()))
    saved = json.loads(gzip.decompress(b64decode(view.saved)))
    assert saved["kind"] == "state"
    assert [trial["id"] for trial in saved["trials"]] == ["t0", "t1", "t2"]
    assert saved["curves"][2]["values"] == [2]
    assert view.saved == view.get_state()["saved"]
