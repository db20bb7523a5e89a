"""The notebooks' install cell, where the package is not there; what they do is nbval's to test."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def install_cell(path: Path) -> str:
    (cell,) = (
        str(cell.source)
        for cell in nbformat.read(path, as_version=4).cells
        if "# NBVAL_TEST_NAME: install" in cell.source
    )
    return cell


def test_all_notebooks_install_in_the_same_way() -> None:
    assert len(NOTEBOOKS) == 4
    assert len({install_cell(path) for path in NOTEBOOKS}) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_output(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count] == []


def test_where_the_index_has_no_package_the_cell_says_what_to_do(tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True, symlinks=True)
    cell = tmp_path / "cell.py"
    cell.write_text(install_cell(NOTEBOOKS[0]), "utf-8")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(tmp_path / "empty" / "bin" / "python"), "-I", str(cell)],
        env=env | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "%pip install path/to/checkout" in done.stderr
    assert "`make dist` in a checkout makes one" in done.stderr
    assert "No matching distribution found for tune-wandb-nb" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_the_package_is_there_the_cell_installs_nothing(tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text(install_cell(NOTEBOOKS[0]), "utf-8")
    done = subprocess.run([sys.executable, str(cell)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
