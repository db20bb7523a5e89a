"""The folder of W&B's files: created where it is missing, refused where it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tune_wandb_nb.tracking.settings.output_folder import check_writable
from tune_wandb_nb.tracking.settings.settings import SettingsError


def test_a_missing_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    check_writable(str(tmp_path / "a" / "b"))
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check_writable("~/runs")
    assert (tmp_path / "runs").is_dir()


def test_a_folder_below_a_file_is_refused() -> None:
    Path("file").touch()
    with pytest.raises(SettingsError, match=r"^dir 'file/sub' cannot be written \(Not a dir"):
        check_writable("file/sub")


def test_a_folder_in_which_nothing_can_be_created_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^dir '/proc/self' cannot be written \("):
        check_writable("/proc/self")
