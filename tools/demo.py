"""Run the demo notebook as a user would, and leave a page with all that it shows.

python tools/demo.py [notebooks/colab_demo.ipynb] [--into build/demo]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="?", default=ROOT / "notebooks" / "colab_demo.ipynb")
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "demo")
    options = parser.parse_args()
    folder: Path = options.into.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(options.notebook, as_version=4)
    print(f"Running {Path(options.notebook).name} ...", flush=True)
    began = time.monotonic()
    # The search and its W&B runs land in this folder, not beside the notebook.
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    page = folder / Path(options.notebook).with_suffix(".html").name
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    print(f"done in {time.monotonic() - began:.0f} s\n")
    print(f"best trial: {output_of(notebook, 'best trial')}\n")
    print(f"W&B runs:   {folder / 'wandb'}")
    print(f"            {closing_line(notebook)}")
    print(f"page:       {page.as_uri()}")


def output_of(notebook: nbformat.NotebookNode, name: str) -> str:
    """Return what a named cell printed and returned, as text."""
    cell = next(c for c in notebook.cells if f"# NBVAL_TEST_NAME: {name}\n" in c.source)
    texts = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in cell.outputs]
    return "\n".join(text.strip() for text in texts)


def closing_line(notebook: nbformat.NotebookNode) -> str:
    """Return the last thing that the logger said while the search ran."""
    said = output_of(notebook, "search").splitlines()
    return [line for line in said if line.startswith("tune-wandb-nb:")][-1]


if __name__ == "__main__":
    main()
