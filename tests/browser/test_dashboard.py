"""The dashboard as a person sees it: a real search in a real JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.experiment import SETUP
from tests.browser.lab import open_notebook, run_cell
from tests.browser.server import write_notebook
from tests.wire import WireServer

pytestmark = pytest.mark.timeout(900)

SLOW = 120_000


MIDDLE = """(line) => {
  line.scrollIntoView({block: "center"});
  const point = line.getPointAtLength(line.getTotalLength() / 2);
  const {x, y} = point.matrixTransform(line.getScreenCTM());
  return [x, y];
}"""
"""A point on a line that is drawn, on the page."""


def write(folder: Path, wandb: object, *cells: str) -> None:
    write_notebook(folder / "search.ipynb", [f"WANDB = {wandb!r}\n{SETUP}", *cells])


def hover(page: Page, line: Locator) -> None:
    """Point at a line until its tooltip appears; the line moves while the page above it grows."""
    # bqplot 0.13 puts its own name before the class.
    tip = page.locator("[class*=mark_tooltip]", has_text="train_").first
    for tries_left in reversed(range(SLOW // 2000)):
        x, y = line.evaluate(MIDDLE)
        page.mouse.move(x + tries_left % 2, y)
        try:
            expect(tip).to_be_visible(timeout=2000)
        except AssertionError:
            if not tries_left:
                raise
        else:
            return


def test_a_search_offline_from_start_to_saved_notebook(
    page: Page, lab: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        {"project": "digits", "mode": "offline"},
        "e = experiment(6, 8, 0.2); e.start()",
        "e.dashboard",
        "bad = experiment(1, 1, 0, fails=True); bad.start()",
    )
    open_notebook(page, lab, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    expect(page.locator(".twn .head").first).to_have_text("Running", timeout=SLOW)
    moved = re.compile("[1-6] of 6 trials")
    expect(page.locator(".twn .facts").first).to_contain_text(moved, timeout=SLOW)
    expect(page.locator(".bqplot path.line").first).to_be_attached(timeout=SLOW)
    expect(page.locator(".twn .head").first).to_have_text("Finished", timeout=SLOW)
    expect(page.locator(".twn-tune table").first).to_be_visible()
    assert page.locator(".jp-OutputArea-output pre").count() == 0 or (
        "train" not in page.locator(".jp-OutputArea-output pre").first.inner_text()
    )
    # The static output exists and is hidden while the widget is live.
    last = page.locator("[class^=twn-lasting]").first
    expect(last).to_be_attached(timeout=SLOW)
    expect(last).to_be_hidden()

    # The tooltip of a curve names its trial.
    hover(page, page.locator(".bqplot path.line").last)

    run_cell(page, 2)  # displayed again, after the search has ended
    expect(page.locator(".twn .head")).to_have_count(4, timeout=SLOW)
    page.get_by_role("tab", name="W&B").first.click()
    expect(page.locator(".twn .note").first).to_contain_text("offline")

    run_cell(page, 3)
    expect(page.get_by_text("1 failed trial")).to_be_visible(timeout=SLOW)
    page.get_by_text("1 failed trial").click()
    expect(page.locator(".twn pre", has_text="ValueError").first).to_be_visible()
    assert page.evaluate("window.hacked") is None

    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_selector(".jp-Notebook", timeout=SLOW)
    expect(page.locator(".twn .head").first).to_be_visible(timeout=SLOW)
    saved = tmp_path / "search.ipynb"
    notebook = nbformat.read(saved, as_version=4)
    bundle = [
        output for output in notebook.cells[1].outputs if "image/png" in output.get("data", {})
    ]
    assert len(bundle) == 1
    assert "Finished" in bundle[0]["data"]["text/html"]
    assert saved.stat().st_size < 1_000_000


def test_online_the_iframe_is_the_groups_page_and_stop_stops(
    page: Page, lab: str, tmp_path: Path, wire_server: WireServer
) -> None:
    write(
        tmp_path,
        {"project": "digits", "api_key": wire_server.api_key, "host": wire_server.url},
        "e = experiment(2, 1000, 0.1); e.start()",
        "print(e.wait(60).num_errors, e.status)",
    )
    open_notebook(page, lab, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    group = f"/{wire_server.entity}/digits/groups/mygroup/workspace?jupyter=true"
    frame = page.frame_locator("iframe[title='W&B']")
    expect(frame.locator("code")).to_have_text(group, timeout=SLOW)
    assert any(request.path == group for request in wire_server.requests)
    expect(page.get_by_role("link", name="Open in W&B")).to_have_attribute(
        "href", f"{wire_server.url}{group.partition('?')[0]}"
    )
    # One trial's page, and back.
    choice = page.get_by_role("combobox", name="Show", exact=True)
    expect(choice.locator("option")).to_have_count(4, timeout=SLOW)
    choice.select_option(index=2)
    run_id = min(run.run_id for run in wire_server.runs.values())
    expect(frame.locator("code")).to_have_text(
        f"/{wire_server.entity}/digits/runs/{run_id}?jupyter=true", timeout=SLOW
    )
    choice.select_option(label="This search")
    expect(frame.locator("code")).to_have_text(group, timeout=SLOW)

    page.get_by_role("tab", name="Live").first.click()
    expect(page.locator(".bqplot path.line").first).to_be_attached(timeout=SLOW)
    # From the keyboard alone: to the button, and press it.
    stop = page.get_by_role("button", name="Stop").first
    stop.focus()
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".twn .head").first).to_have_text("Stopped", timeout=SLOW)
    run_cell(page, 2)
    expect(page.locator(".jp-OutputArea-output pre", has_text="0 stopped")).to_be_visible(
        timeout=SLOW
    )
    wire_server.wait_for(lambda server: all(run.complete for run in server.runs.values()))
