from __future__ import annotations

from tests.boards import search
from tests.widgets.tags import Tags
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.report.report import report_fragment, report_page


def test_a_fragment_has_the_links_the_picture_and_the_trials() -> None:
    fragment = report_fragment(search(3), b"png", [("https://wandb.example.com/p", "The project")])
    assert 'href="https://wandb.example.com/p"' in fragment
    assert "data:image/png;base64,cG5n" in fragment
    assert "trial_2" in fragment
    assert "<details>" not in fragment, "no trial failed"


def test_errors_are_folded_into_the_fragment() -> None:
    board = TrialBoard("m", "max")
    board.add("a", name="a")
    board.change("a", "failed", error="ValueError: no")
    fragment = report_fragment(board.snapshot(), None)
    assert "<details><summary>Errors</summary>" in fragment
    assert "ValueError: no" in fragment
    assert "<img" not in fragment


def test_a_page_is_complete() -> None:
    page = report_page("<b>it</b>")
    assert page.startswith("<!doctype html>")
    assert "<b>it</b>" in page
    assert {"html", "head", "body", "title"} <= set(Tags(page).found)
