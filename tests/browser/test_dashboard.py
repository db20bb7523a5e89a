"""The dashboard as a person sees it: a real search in a real JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.experiment import SETUP
from tests.browser.lab import open_notebook, run_cell
from tests.browser.locators import SLOW, badge, tab, trial_rows
from tests.browser.pictures import take_picture
from tests.browser.server import write_notebook
from tests.wire import WireServer

pytestmark = pytest.mark.timeout(900)

PRINTED = ".jp-OutputArea-output pre"


def write(folder: Path, wandb: object, *cells: str) -> None:
    write_notebook(folder / "search.ipynb", [f"WANDB = {wandb!r}\n{SETUP}", *cells])


def test_a_search_offline_from_start_to_saved_notebook(
    page: Page, lab: str, tmp_path: Path
) -> None:
    write(
        tmp_path,
        {"project": "digits", "mode": "offline"},
        "e = experiment(6, 8, 0.2); e.start()",
        "print('selected', len(e.dashboard.selected))",
        "e.dashboard.selected = [e.results[0].metrics['trial_id']]",
        "e.dashboard",
        "bad = experiment(1, 1, 0, fails=True); bad.start()",
    )
    open_notebook(page, lab, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    expect(trial_rows(page).first).to_be_visible(timeout=SLOW)
    take_picture(page, "lab-running")
    expect(badge(page, "Finished")).to_be_visible(timeout=SLOW)
    expect(trial_rows(page)).to_have_count(6)
    # Tune's own output is under a fold, and nothing is printed.
    page.get_by_text("Tune's own output").click()
    expect(page.locator(".twp-tune table").first).to_be_visible()
    assert page.locator(PRINTED).filter(has_text="train_").count() == 0
    # The static output exists and is hidden while the widget is live.
    last = page.locator("[class^=twp-lasting]").first
    expect(last).to_be_attached(timeout=SLOW)
    expect(last).to_be_hidden()

    # Filter, sort, open a row; the filter's text is one of a name full of markup.
    box = page.get_by_role("searchbox", name="Filter trials")
    box.fill("x > 2")
    expect(trial_rows(page)).to_have_count(0)
    box.fill("")
    page.get_by_role("button", name="iteration").click()
    trial_rows(page).first.click()
    expect(page.get_by_role("region", name=re.compile("^Trial train_"))).to_be_visible()
    take_picture(page, "lab-finished")

    # Selected in the page, read in Python; selected in Python, seen in the page.
    page.get_by_role("checkbox", name=re.compile("^Select")).nth(0).click()
    page.get_by_role("checkbox", name=re.compile("^Select")).nth(1).click()
    expect(page.locator(".twn-row.twn-selected:visible")).to_have_count(2)
    printed = page.locator(PRINTED, has_text=re.compile("^selected [0-9]"))
    for _ in range(20):
        # The kernel may run a cell before it takes the page's message.
        run_cell(page, 2)
        expect(printed).to_be_visible(timeout=SLOW)
        if "selected 2" in printed.inner_text():
            break
    expect(printed).to_have_text("selected 2")
    run_cell(page, 3)
    expect(page.locator(".twn-row.twn-selected:visible")).to_have_count(1, timeout=SLOW)

    run_cell(page, 4)  # displayed again, after the search has ended
    expect(page.locator(".twn-badge")).to_have_count(2, timeout=SLOW)
    expect(page.locator(".twn-badge").nth(1)).to_have_text("Finished", timeout=SLOW)
    tab(page, "W&B").click()
    expect(page.locator(".twp .note", has_text="offline").first).to_be_visible()

    run_cell(page, 5)
    failed = page.get_by_role("button", name="1 failed: show only these")
    expect(failed).to_be_visible(timeout=SLOW)
    page.locator(".twn-row", has_text="failed").first.click()
    expect(page.get_by_text("ValueError").first).to_be_visible()
    assert page.evaluate("window.hacked") is None

    _reload_and_look(page, tmp_path / "search.ipynb")


def _reload_and_look(page: Page, saved: Path) -> None:
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_selector(".jp-Notebook", timeout=SLOW)
    expect(page.locator(".twn-badge").last).to_have_text("Finished", timeout=SLOW)
    expect(trial_rows(page).first).to_be_visible(timeout=SLOW)
    notebook = nbformat.read(saved, as_version=4)
    bundle = [
        output for output in notebook.cells[1].outputs if "image/png" in output.get("data", {})
    ]
    assert len(bundle) == 1
    assert "Finished" in bundle[0]["data"]["text/html"]
    assert saved.stat().st_size < 1_200_000


def test_a_cell_that_waits_for_the_search_shows_it_meanwhile(
    page: Page, lab: str, tmp_path: Path
) -> None:
    """The kernel cannot answer the page while the cell runs."""
    write(tmp_path, None, "e = experiment(2, 400, 0.05); e.start(); e.wait()")
    open_notebook(page, lab, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    expect(trial_rows(page).first).to_contain_text("running", timeout=SLOW)
    page.evaluate("window.jupyterapp.commands.execute('kernelmenu:interrupt')")
    expect(badge(page, "Stopped")).to_be_visible(timeout=SLOW)


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
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    search_page = f"{wire_server.url}/{wire_server.entity}/digits/groups/mygroup/workspace"
    expect(page.get_by_role("link", name="This search in W&B")).to_have_attribute(
        "href", search_page, timeout=SLOW
    )
    tab(page, "W&B").click()
    group = f"/{wire_server.entity}/digits/groups/mygroup/workspace?jupyter=true"
    frame = page.frame_locator("iframe[title='W&B']")
    expect(frame.locator("code")).to_have_text(group, timeout=SLOW)
    assert any(request.path == group for request in wire_server.requests)
    expect(page.get_by_role("link", name="Open in W&B")).to_have_attribute("href", search_page)
    take_picture(page, "lab-wandb")
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

    tab(page, "Live").click()
    trial_rows(page).first.click()
    expect(page.get_by_role("link", name="W&B run")).to_be_visible(timeout=SLOW)
    # One trial stops alone, and the other goes on.
    page.get_by_role("button", name="Stop this trial").click()
    expect(page.get_by_role("button", name="1 done: show only these")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="1 running: show only these")).to_be_visible()
    # From the keyboard alone: to the button, and press it.
    stop = page.get_by_role("button", name="Stop", exact=True).first
    stop.focus()
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(badge(page, "Stopped")).to_be_visible(timeout=SLOW)
    run_cell(page, 2)
    expect(page.locator(PRINTED, has_text="0 stopped")).to_be_visible(timeout=SLOW)
    wire_server.wait_for(lambda server: all(run.complete for run in server.runs.values()))
