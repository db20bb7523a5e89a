"""Shared by all frontends: a server on a free port, a browser, a notebook's file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

import tune_wandb_nb

_CHECKOUT = Path(tune_wandb_nb.__file__).parents[1]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_STARTS_WITHIN = 90


def server_folder(folder: Path) -> Path:
    """Return the folder for the own files of a server that serves ``folder``."""
    return folder / ".jupyter-home"


@contextmanager
def serve(folder: Path, *command: str, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a module of Jupyter in a folder, as ``python -m``; its kernels import this checkout.

    Gives the server's address.
    """
    own_folder = server_folder(folder)
    own_folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    with (own_folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, "--no-browser", f"--port={port}"],
            env={**os.environ, **_environ(own_folder), **(environ or {})},
            # Notebook 6 asks on stdin whether to shut down.
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, own_folder / "log")
        yield url
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _environ(own_folder: Path) -> dict[str, str]:
    names = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "TUNE_WANDB_NB_STATE_DIR": "state",
    }
    return {"PYTHONPATH": str(_CHECKOUT)} | {n: str(own_folder / part) for n, part in names.items()}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/api/status", timeout=2):
                return
        except urllib.error.HTTPError:
            return  # the server answers, even if it does not have this page
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # there is no event for another process's socket
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook that names its kernel; Lab would ask for one otherwise."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    nbformat.write(notebook, path)


def launch(playwright: Playwright) -> Browser:
    """Start the machine's Chromium, else Playwright's own."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
