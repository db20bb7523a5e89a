"""Runs cells in a kernel of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

__all__ = ["run_cells"]


def run_cells(folder: Path, *sources: str, environ: Mapping[str, str]) -> list[Any]:
    """Run cells in a kernel that wandb takes for Jupyter's; returns the cells, run."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    # From such a name wandb knows that it is in Jupyter.
    kernel = AsyncKernelManager(
        kernel_name="python3", connection_file=str(folder / "jupyter-kernel.json")
    )
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        km=kernel,
        timeout=300,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environ)
    return list(client.nb.cells)
