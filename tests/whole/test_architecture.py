"""The house: imports only go down, rooms and files stay small enough to be found and read."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tune_wandb_nb

PACKAGE = Path(tune_wandb_nb.__file__).parent
FLOORS = ("widgets", "tuning", "tracking", "search_space")
ROOMS = [
    PACKAGE / "compat",
    *(
        room
        for floor in FLOORS
        for room in sorted((PACKAGE / floor).iterdir())
        if (room / "__init__.py").exists()
    ),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("lint-imports")
    command = [str(script), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts."""
    pytest.importorskip("importlinter", reason="import-linter needs Python 3.11")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=ignored)
    shutil.copy(PACKAGE.parent / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_are_kept(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "arrow", "contract"),
    [
        ("search_space/distributions/names.py", "tune_wandb_nb.tracking.notices", "Floors"),
        ("tracking/settings/checks.py", "tune_wandb_nb.tracking.auth.access", "Rooms of tracking"),
        ("tuning/board/trial.py", "tune_wandb_nb.tuning.search.search", "Rooms of tuning"),
        ("widgets/base/markup.py", "tune_wandb_nb.widgets.panel.start_bar", "Rooms of widgets"),
        ("search_space/distributions/values.py", "ray", "Pure rooms"),
        ("tracking/results/payload.py", "wandb.sdk", "Pure rooms"),
        ("tracking/results/payload.py", "tune_wandb_nb.compat.wandb", "Pure rooms"),
        ("compat/ray.py", "tune_wandb_nb.tracking.notices", "compat imports no other"),
        ("compat/wandb_names.py", "wandb", "Names and texts"),
        ("tracking/results/payload.py", "tune_wandb_nb.tracking.results.rows", "no circle"),
    ],
)
def test_an_arrow_up_breaks_a_contract(copy: Path, module: str, arrow: str, contract: str) -> None:
    with (copy / "tune_wandb_nb" / module).open("a") as file:
        file.write(f"\nimport {arrow}\n")
    done = lint_imports(copy)
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert any(contract in line for line in broken), done.stdout


def test_no_floor_below_the_first_loads_public_names() -> None:
    # import-linter sees no arrow up in `tune_wandb_nb.Dashboard`, which is loaded on first use.
    found = [
        file.relative_to(PACKAGE)
        for floor in ("compat", *FLOORS[1:])
        for file in (PACKAGE / floor).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Import) and "tune_wandb_nb" in [n.name for n in node.names])
        or (isinstance(node, ast.ImportFrom) and node.module == "tune_wandb_nb")
    ]
    assert found == []


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_has_at_most_twelve_rooms(floor: str) -> None:
    assert len([room for room in ROOMS if room.parent.name == floor]) <= 12


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: f"{room.parent.name}/{room.name}")
def test_a_room_has_at_most_twelve_files(room: Path) -> None:
    assert len(list(room.glob("*.py"))) <= 12


def test_no_file_has_more_than_300_lines() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in PACKAGE.rglob("*.py")}
    assert [file for file, length in lengths.items() if length > 300] == []
