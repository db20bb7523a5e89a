"""nbconvert's page of a finished search, which needs neither a kernel nor a network."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, expect

from tests.browser.experiment import SETUP
from tests.browser.locators import SLOW
from tests.browser.pictures import take_picture
from tests.recorded import losses, write_state, write_trial
from tune_wandb_nb import Dashboard

pytestmark = pytest.mark.timeout(900)


def test_the_page_of_a_notebook_has_the_report(
    page: Page, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    wandb = {"project": "digits", "mode": "offline"}
    cells = [
        f"WANDB = {wandb!r}\n{SETUP}",
        "e = experiment(4, 3, 0, fails=False); e.start()",
        "results = e.wait()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    saved = tmp_path / "search.html"
    saved.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")

    page.goto(saved.as_uri())
    report = page.locator("[class^=twp-lasting]")
    expect(report).to_have_count(1)
    # The same table and charts as in the notebook, without a kernel.
    expect(report.locator(".twn-badge")).to_have_text("Finished", timeout=SLOW)
    expect(report.locator(".twn-body .twn-row:visible")).to_have_count(4)
    expect(report.locator(".twp-still")).to_be_hidden()
    page.get_by_role("button", name="iteration").click()
    report.locator(".twn-body .twn-row:visible").first.click()
    expect(report.get_by_role("region", name=re.compile("^Trial train_"))).to_be_visible()
    assert report.get_by_role("button", name=re.compile("^Stop")).count() == 0
    assert page.evaluate("window.hacked") is None
    take_picture(page, "nbconvert")

    without_scripts = browser.new_context(java_script_enabled=False).new_page()
    without_scripts.goto(saved.as_uri())
    still = without_scripts.locator("[class^=twp-lasting]")
    expect(still.locator(".head")).to_have_text("Finished")
    expect(still).to_contain_text("4 of 4 trials")
    expect(still.locator("img")).to_be_visible()
    expect(still.locator("table")).to_be_visible()
    without_scripts.close()


def test_a_report_opened_from_disk(page: Page, tmp_path: Path) -> None:
    write_trial(tmp_path / "digits", "a", *losses(3.0, 2.0), lr=0.1)
    write_trial(tmp_path / "digits", "b", *losses(1.0), lr=0.01, error="ValueError: <b>no</b>")
    write_state(tmp_path / "digits", a="TERMINATED", b="ERROR")
    report = tmp_path / "report.html"
    Dashboard.open(tmp_path / "digits", metric="loss", mode="min").save(report)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    expect(page.locator(".twn-badge")).to_have_text("Finished", timeout=SLOW)
    page.get_by_role("button", name="1 failed: show only these").click()
    expect(page.locator(".twn-body .twn-row:visible")).to_have_count(1)
    page.locator(".twn-body .twn-row:visible").click()
    expect(page.locator(".twn-trace")).to_have_text("ValueError: <b>no</b>")
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    take_picture(page, "report")
