"""The classic Notebook 6, with Colab's ipywidgets 7, and a page on its notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.server import serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

_READY = """() => {
  const kernel = window.Jupyter?.notebook?.kernel;
  return Jupyter.notebook._fully_loaded && kernel.is_connected() && kernel.widget_manager
    && !Jupyter.notebook.kernel_busy;
}"""


@contextmanager
def classic_notebook(folder: Path) -> Iterator[str]:
    """Run Notebook 6 in a folder."""
    flags = ["--allow-root", "--NotebookApp.token=", f"--notebook-dir={folder}"]
    with serve(folder, "notebook", *flags) as url:
        yield url


def open_classic(page: Page, url: str, name: str) -> None:
    """Open a notebook, and wait for its kernel and the widgets' part of the page."""
    page.goto(f"{url}/notebooks/{name}")
    page.wait_for_function(f"() => {{ try {{ return ({_READY})(); }} catch {{ return false; }} }}")


def run_classic_cell(page: Page, cell: int) -> None:
    """Run one code cell; returns as soon as it is queued."""
    page.evaluate(f"Jupyter.notebook.get_cells()[{cell}].execute()")
