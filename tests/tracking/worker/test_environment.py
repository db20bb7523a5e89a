"""A trial's process: it has the driver's variables, and a folder that it can write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tune_wandb_nb.tracking.worker.environment import adopt_environment, folder_for


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore every variable that a test sets."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("TUNE_ORIG_WORKING_DIR", None)


def test_the_drivers_variables_win_but_for_this_nodes_folders() -> None:
    os.environ.update({"WANDB_PROJECT": "old", "WANDB_CACHE_DIR": "/node"})
    adopt_environment(
        {"WANDB_PROJECT": "p", "WANDB_CACHE_DIR": "/driver", "WANDB_DATA_DIR": "/driver"}
    )
    names = ("WANDB_PROJECT", "WANDB_CACHE_DIR", "WANDB_DATA_DIR")
    assert [os.environ[name] for name in names] == ["p", "/node", "/driver"]


def test_a_relative_folder_starts_at_the_drivers(tmp_path: Path) -> None:
    assert folder_for("runs", str(tmp_path)) == str(tmp_path / "runs")
    assert (tmp_path / "runs").is_dir()
    assert folder_for(None, str(tmp_path)) == str(tmp_path)


def test_an_absolute_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert folder_for(str(tmp_path / "own"), "/elsewhere") == str(tmp_path / "own")


def test_the_home_folder_is_expanded(tmp_path: Path) -> None:
    os.environ["HOME"] = str(tmp_path)
    assert folder_for("~/runs", "/elsewhere") == str(tmp_path / "runs")


def test_without_a_driver_the_folder_counts_that_the_process_started_in(tmp_path: Path) -> None:
    os.environ["TUNE_ORIG_WORKING_DIR"] = str(tmp_path / "before")
    assert folder_for("runs", None) == str(tmp_path / "before" / "runs")
    del os.environ["TUNE_ORIG_WORKING_DIR"]
    assert folder_for("runs", None) == str(Path.cwd() / "runs")


def test_a_folder_that_this_node_cannot_have_is_replaced_by_the_current_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert folder_for("sub", str(tmp_path / "file")) == str(Path.cwd())
    assert folder_for(None, "/proc/self/none") == str(Path.cwd())
