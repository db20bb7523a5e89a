from __future__ import annotations

import gzip
import json
from base64 import b64decode

from tests.boards import search
from tests.widgets.evil import EVIL
from tests.widgets.tags import Tags
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.tuning.chart_data.state_encoder import StateEncoder
from tune_wandb_nb.widgets.report.report import (
    BUNDLE,
    STYLES,
    interactive,
    report_page,
    still_report,
)


def part(page: str, name: str) -> bytes:
    start = page.index(">", page.index(f'class="twp-{name}"')) + 1
    return b64decode(page[start : page.index("</script>", start)])


def test_a_still_report_has_the_links_the_picture_and_the_trials() -> None:
    report = still_report(search(3), b"png", [("https://wandb.example.com/p", "The project")])
    assert 'href="https://wandb.example.com/p"' in report
    assert "data:image/png;base64,cG5n" in report
    assert "trial_2" in report
    assert "<details>" not in report, "no trial failed"


def test_errors_are_folded_into_the_still_report() -> None:
    board = TrialBoard("m", "max")
    board.add("a", name="a")
    board.change("a", "failed", error="ValueError: no")
    report = still_report(board.snapshot(), None)
    assert "<details><summary>Errors</summary>" in report
    assert "ValueError: no" in report
    assert "<img" not in report


def test_the_interactive_report_holds_the_bundle_the_styles_and_the_data() -> None:
    lasting = StateEncoder().lasting(search(3), SearchContext())
    page = interactive(lasting, "<b>still</b>")
    assert gzip.decompress(part(page, "bundle")) == BUNDLE.read_bytes()
    assert json.loads(gzip.decompress(part(page, "data")))["trials"][2]["name"] == "trial_2"
    assert STYLES.read_text(encoding="utf-8") in page
    assert "</style" not in STYLES.read_text(encoding="utf-8")
    assert "<b>still</b>" in page
    assert interactive(lasting, "") != interactive(lasting, ""), "one page can hold several"


def test_nothing_of_a_trial_is_markup_in_the_data() -> None:
    board = TrialBoard(EVIL, "max")
    board.add("a", name="</script><script>alert(1)</script>", params={EVIL: EVIL})
    board.record("a", {"training_iteration": 1, EVIL: 1.0})
    page = interactive(StateEncoder().lasting(board.snapshot(), SearchContext()), "")
    assert "alert" not in page
    assert Tags(page).found.count("script") == 3


def test_a_page_is_complete_and_its_title_is_text() -> None:
    page = report_page("<b>it</b>", EVIL)
    assert page.startswith("<!doctype html>")
    assert "<b>it</b>" in page
    assert {"html", "head", "body", "title"} <= set(Tags(page).found)
    assert "<script" not in page
