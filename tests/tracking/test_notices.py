"""Notices: each said once, printed by the thread that asks for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tune_wandb_nb.tracking.notices import Notices

Capture = pytest.CaptureFixture[str]


def test_nothing_is_printed_before_flush(capsys: Capture) -> None:
    notices = Notices()
    notices.say("one")
    assert capsys.readouterr().out == ""
    notices.flush()
    assert capsys.readouterr() == ("tune-wandb-nb: one\n", "")


def test_notices_keep_their_order_and_are_printed_once(capsys: Capture) -> None:
    notices = Notices()
    for text in ("b", "a", "c"):
        notices.say(text)
    notices.flush()
    assert capsys.readouterr().out == "".join(f"tune-wandb-nb: {x}\n" for x in "bac")
    notices.flush()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("between", [False, True], ids=["at-once", "after-a-flush"])
def test_the_same_text_is_said_once(capsys: Capture, between: bool) -> None:
    notices = Notices()
    notices.say("one")
    if between:
        notices.flush()
    notices.say("one")
    notices.say("two")
    notices.flush()
    assert capsys.readouterr().out == "tune-wandb-nb: one\ntune-wandb-nb: two\n"


def test_of_one_matter_only_the_first_text_is_said(capsys: Capture) -> None:
    notices = Notices()
    notices.say("loss is a list", once="loss")
    notices.say("loss is a tuple", once="loss")
    notices.say("loss is a list", once="other")
    notices.flush()
    assert capsys.readouterr().out == "tune-wandb-nb: loss is a list\n" * 2


def test_two_searches_have_notices_of_their_own(capsys: Capture) -> None:
    for notices in (Notices(), Notices()):
        notices.say("one")
        notices.flush()
    assert capsys.readouterr().out == "tune-wandb-nb: one\n" * 2


def test_many_threads_say_each_thing_once(capsys: Capture) -> None:
    notices = Notices()

    def work(worker: int) -> None:
        for number in range(100):
            notices.say(f"shared {number}")
            notices.say(f"own {worker} {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert capsys.readouterr().out == ""
    notices.flush()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) == 100 + 8 * 100
    for worker in range(8):
        own = [line for line in lines if line.startswith(f"tune-wandb-nb: own {worker} ")]
        assert own == [f"tune-wandb-nb: own {worker} {number}" for number in range(100)]
