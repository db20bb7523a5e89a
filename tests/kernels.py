"""Runs cells in a kernel of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

__all__ = ["new_kernel", "run_cells"]


def new_kernel(folder: str) -> AsyncKernelManager:
    """Make a kernel whose sockets are in a folder, which must have a short name.

    A port that is free when the kernel is started can be another process's before it listens. From
    the file's name wandb knows that it is in Jupyter.
    """
    file = f"{folder}/jupyter-kernel.json"
    return AsyncKernelManager(kernel_name="python3", transport="ipc", connection_file=file)


def run_cells(folder: Path, *sources: str, environ: Mapping[str, str]) -> list[Any]:
    """Run cells in a kernel that wandb takes for Jupyter's; returns the cells, run."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    with TemporaryDirectory(prefix="kernel-") as sockets:
        client = NotebookClient(
            nbformat.v4.new_notebook(cells=cells),
            km=new_kernel(sockets),
            timeout=300,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env=environ)
    return list(client.nb.cells)
