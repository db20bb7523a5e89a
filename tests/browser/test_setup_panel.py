"""The setup panel as a person uses it: a real form in a real JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import open_notebook, run_cell
from tests.browser.locators import KEY, SETUP, SLOW, badge, button, cell_of, field
from tests.browser.server import write_notebook
from tests.wire import WireServer

pytestmark = pytest.mark.timeout(900)

PANEL = "panel = tw.SetupPanel(train, samples=2, storage=os.path.abspath('results'))\npanel"


def write(folder: Path, *cells: str) -> None:
    write_notebook(folder / "search.ipynb", [SETUP, *cells])


def show_panel(page: Page, lab: str) -> None:
    open_notebook(page, lab, "search.ipynb")
    run_cell(page, 0)
    run_cell(page, 1)
    expect(page.locator(".twp-row").first).to_be_visible(timeout=SLOW)


def fill_table(page: Page) -> None:
    """Two parameters that were found, wrong in between, and one that is new."""
    expect(cell_of(page, 0, 0)).to_have_value("epochs")
    cell_of(page, 0, 1).fill("0")
    expect(page.locator(".twp-row").nth(0)).not_to_contain_text("must")
    cell_of(page, 1, 1).fill("1")
    expect(page.locator(".twp-row .twp-said")).to_contain_text("lower must be below upper")
    expect(button(page, "Start")).to_be_disabled()
    cell_of(page, 1, 1).fill("0.01")
    page.get_by_role("button", name="Add a hyperparameter").click()
    expect(page.locator(".twp-row")).to_have_count(3)
    page.locator(".twp-row").nth(2).locator("select").select_option(label="choice")
    expect(cell_of(page, 2, 1)).to_have_attribute("placeholder", "adam, sgd")
    cell_of(page, 2, 0).fill("net/act")
    cell_of(page, 2, 1).fill("relu, <img src=x onerror='window.hacked=1'>")
    expect(page.locator(".twp-preview").nth(2)).to_contain_text("relu")
    cell_of(page, 0, 1).fill("3")


def check_the_saved_notebook(page: Page, folder: Path) -> None:
    """Save with the state of the widgets: no file has the key."""
    last = page.locator("[class^=twp-lasting]").first
    expect(last).to_be_attached(timeout=SLOW)
    expect(last).to_be_hidden()
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    saved = folder / "search.ipynb"
    page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=SLOW
    )
    text = saved.read_text()
    notebook = nbformat.read(saved, as_version=4)
    assert "widgets" in notebook.metadata, "the state of the widgets has to be in the file"
    assert "PasswordModel" in text
    assert KEY not in text
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_search_from_the_key_to_the_saved_notebook(
    page: Page, lab: str, tmp_path: Path, wire_server: WireServer
) -> None:
    wire_server.accepted_keys = {KEY}
    write(tmp_path, PANEL, "print(panel.results.num_errors, 'errors', len(panel.results))")
    show_panel(page, lab)

    field(page, "server").fill(wire_server.url)
    field(page, "API key").fill(KEY)
    field(page, "API key").press("Enter")
    status = page.locator(".twp-status")
    expect(status).to_contain_text(f"Logged in as {wire_server.entity}", timeout=SLOW)
    expect(field(page, "API key")).to_have_value("")
    field(page, "project").fill("digits")
    field(page, "name").fill("mygroup")

    fill_table(page)
    page.get_by_role("tab", name="Python").click()
    expect(page.locator(".twp-code").first).to_contain_text("num_samples=2")
    # A late answer to the last change would replace the code, and with it the selection.
    expect(page.locator(".twp-code").first).to_contain_text('"epochs": 3')
    page.locator(".twp-copy").first.click()
    expect(page.locator(".twp-copy").first).to_have_text("Copied")
    assert page.evaluate("getSelection().toString()").startswith("import tune_wandb_nb as tw")

    button(page, "Start").click()
    expect(page.locator(".twp-cards").first).to_be_hidden()
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    frame = page.frame_locator("iframe[title='W&B']")
    group = f"/{wire_server.entity}/digits/groups/mygroup/workspace?jupyter=true"
    expect(frame.locator("code")).to_have_text(group, timeout=SLOW)
    expect(button(page, "Start again")).to_be_visible(timeout=SLOW)
    expect(badge(page, "Finished")).to_be_visible(timeout=SLOW)
    assert len(wire_server.runs) == 2
    assert page.evaluate("window.hacked") is None
    run_cell(page, 2)
    expect(page.locator(".jp-OutputArea-output pre", has_text="0 errors 2")).to_be_visible()

    check_the_saved_notebook(page, tmp_path)


def test_stop_start_again_and_reload_while_it_runs(page: Page, lab: str, tmp_path: Path) -> None:
    write(tmp_path, PANEL, "print('the notebook is free')")
    show_panel(page, lab)
    page.get_by_text("work offline").click()
    cell_of(page, 0, 1).fill("10_000")
    page.locator(".twp-row").nth(0).locator("select").select_option(label="constant")
    expect(cell_of(page, 0, 1)).to_have_attribute("placeholder", "10")
    cell_of(page, 0, 1).fill("10_000")
    button(page, "Start").click()
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    run_cell(page, 2)
    expect(page.get_by_text("the notebook is free", exact=True)).to_be_visible(timeout=SLOW)
    moved = page.get_by_role("button", name=re.compile("^[12] running"))
    expect(moved.first).to_be_visible(timeout=SLOW)
    button(page, "Stop").click()
    expect(badge(page, "Stopped")).to_be_visible(timeout=SLOW)
    expect(button(page, "Resume")).to_be_visible()

    button(page, "Edit the form").click()
    expect(page.locator(".twp-cards").first).to_be_visible()
    button(page, "Start again").click()
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    expect(moved.first).to_be_visible(timeout=SLOW)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.wait_for_selector(".jp-Notebook", timeout=SLOW)
    expect(badge(page, "Running")).to_be_visible(timeout=SLOW)
    expect(moved.first).to_be_visible(timeout=SLOW)
    button(page, "Stop").click()
    expect(badge(page, "Stopped")).to_be_visible(timeout=SLOW)


def test_the_last_values_are_offered_after_a_restart(page: Page, lab: str, tmp_path: Path) -> None:
    write(tmp_path, PANEL)
    show_panel(page, lab)
    field(page, "project").fill("digits")
    expect(page.locator(".twp-code pre").first).to_contain_text("digits")
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(page.locator(".twp-row")).to_have_count(0)
    run_cell(page, 0)
    run_cell(page, 1)
    expect(page.locator(".twp-offer")).to_be_visible(timeout=SLOW)
    expect(field(page, "project")).to_have_value("")
    page.get_by_role("button", name="Use them").click()
    expect(field(page, "project")).to_have_value("digits")
    expect(page.locator(".twp-offer")).to_be_hidden()
