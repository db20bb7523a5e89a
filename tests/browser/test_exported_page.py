"""nbconvert's page of a finished search, which needs neither a kernel nor a network."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from tests.browser.experiment import SETUP
from tests.browser.pictures import take_picture

pytestmark = pytest.mark.timeout(900)

WIDTH = "img => img.complete && img.naturalWidth"


def test_the_page_of_a_notebook_has_the_picture(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    report = page.locator("[class^=twn-lasting]")
    expect(report).to_have_count(1)
    expect(report.locator(".head")).to_have_text("Finished")
    expect(report).to_contain_text("4 of 4 trials")
    picture = report.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate(WIDTH) > 500
    expect(report.locator("table")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    take_picture(page, "nbconvert")
