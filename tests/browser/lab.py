"""JupyterLab and Notebook 7, which share their components, and a page on their notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.server import serve, server_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Page

# Before this state, Lab accepts a command to run a cell and drops it.
_READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return context?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


@contextmanager
def jupyter_lab(
    folder: Path, theme: str = "light", environ: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run JupyterLab in a folder."""
    _write_settings(folder, theme)
    with serve(folder, "jupyterlab", *_flags(folder, "LabApp"), environ=environ) as url:
        yield url


@contextmanager
def notebook_7(folder: Path) -> Iterator[str]:
    """Run Notebook 7 in a folder."""
    _write_settings(folder, "light")
    with serve(folder, "notebook", *_flags(folder, "JupyterNotebookApp")) as url:
        yield url


def _flags(folder: Path, app: str) -> list[str]:
    server = ["--allow-root", "--ServerApp.token=", "--ServerApp.port_retries=0"]
    return [*server, f"--ServerApp.root_dir={folder}", f"--{app}.expose_app_in_browser=True"]


def _write_settings(folder: Path, theme: str) -> None:
    name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
    settings = {
        "@jupyterlab/apputils-extension/themes": f'{{"theme": "{name}"}}',
        "@jupyterlab/apputils-extension/notification": (
            '{"fetchNews": "false", "checkForUpdates": false}'
        ),
        # Saves the state of the widgets into the notebook's file, which must not contain a key.
        "@jupyter-widgets/jupyterlab-manager/plugin": '{"saveState": true}',
    }
    for place, text in settings.items():
        path = server_folder(folder) / "settings" / f"{place}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def open_notebook(page: Page, url: str, name: str) -> None:
    """Open a notebook alone, without Lab's side bar, and wait for its kernel."""
    _open(page, f"{url}/doc/tree/{name}?reset")


def open_in_notebook_7(page: Page, url: str, name: str) -> None:
    """Open a notebook, and wait for its kernel."""
    _open(page, f"{url}/notebooks/{name}")


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".jp-Notebook", timeout=90_000)
    page.wait_for_function(_READY, timeout=90_000)


def run_cell(page: Page, cell: int) -> None:
    """Run one code cell; returns as soon as it is queued."""
    prompt = page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt")
    before = prompt.inner_text()
    prompt.click()
    # Not awaited: the promise of the command is fulfilled when the cell has run.
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
    expect(prompt).not_to_have_text(before)
