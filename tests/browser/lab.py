"""A JupyterLab on a free port, and a browser page on one of its notebooks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

import tune_wandb_nb

_CHECKOUT = Path(tune_wandb_nb.__file__).parents[1]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_STARTS_WITHIN = 90
# Until then Lab takes a command to run a cell and forgets it.
_READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return context?.isReady && kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook whose kernel is known, else Lab asks for one."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, path)


@contextmanager
def jupyter_lab(folder: Path, port: int, theme: str = "light") -> Iterator[str]:
    """Run JupyterLab in a folder; its kernels import this checkout."""
    settings = folder / ".lab" / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
    (settings / "themes.jupyterlab-settings").write_text(f'{{"theme": "{name}"}}')
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    # What is in the widgets' state is in the notebook's file: no key may be.
    manager = folder / ".lab" / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    manager.mkdir(parents=True, exist_ok=True)
    (manager / "plugin.jupyterlab-settings").write_text('{"saveState": true}')
    environ = {
        **os.environ,
        "PYTHONPATH": str(_CHECKOUT),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / ".lab" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".lab" / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".lab" / "runtime"),
        "IPYTHONDIR": str(folder / ".lab" / "ipython"),
        "TUNE_WANDB_NB_STATE_DIR": str(folder / ".lab" / "state"),
    }
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.token=", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    with (folder / ".lab" / "log").open("w") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api/status", server, folder / ".lab" / "log")
        yield url
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # there is no event for another process's socket
    raise RuntimeError(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def launch(playwright: Playwright) -> Browser:
    """Start the machine's Chromium, else Playwright's own."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)


def open_notebook(page: Page, url: str, name: str) -> None:
    """Open a notebook alone, without Lab's side bar, and wait for its kernel."""
    page.goto(f"{url}/doc/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook", timeout=90_000)
    page.wait_for_function(_READY, timeout=90_000)


def run_cell(page: Page, cell: int) -> None:
    """Run one code cell; returns as soon as it is queued."""
    prompt = page.locator(".jp-CodeCell").nth(cell).locator(".jp-InputPrompt")
    before = prompt.inner_text()
    prompt.click()
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
    expect(prompt).not_to_have_text(before)
