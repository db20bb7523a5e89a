"""The storage path of a search, checked without writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forms import problems
from tune_wandb_nb.tuning.plan.storage import free_name, is_uri, storage_folder, storage_problem


def test_storage_must_be_a_folder_or_an_address(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert problems(storage=str(tmp_path / "new" / "folder")) == {}
    assert problems(storage="s3://bucket/path") == {}
    assert "is a file" in problems(storage=str(tmp_path / "file"))["storage"]
    assert "is a file" in problems(storage=str(tmp_path / "file" / "below"))["storage"]
    assert "is a file" in problems(storage=str(tmp_path), name="file")["name"]
    assert problems(storage="x" * 5000)["storage"].startswith("is no path that can be used")


def test_no_check_leaves_a_folder_behind(tmp_path: Path) -> None:
    assert storage_problem(str(tmp_path / "new"), "name") is None
    assert storage_problem(None, "name") is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A test that runs as root could write anywhere.
    monkeypatch.setattr("tune_wandb_nb.tuning.plan.storage.os.access", lambda path, mode: False)
    problem = storage_problem(str(tmp_path / "new"), None)
    assert problem is not None
    assert problem[0] == "storage"
    assert problem[1].endswith("is not yours to write in.")


def test_a_local_path_becomes_absolute_and_an_address_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage_folder("~/results") == str(tmp_path / "results")
    assert storage_folder("results") == str(Path.cwd() / "results")
    assert storage_folder("s3://bucket/../path") == "s3://bucket/../path"
    assert (is_uri("gs://bucket"), is_uri("/gs/bucket")) == (True, False)


def test_a_name_that_exists_gets_the_next_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert free_name(str(tmp_path), "digits") == "digits"
    (tmp_path / "digits").mkdir()
    assert free_name(str(tmp_path), "digits") == "digits_2"
    (tmp_path / "digits_2").mkdir()
    assert free_name(str(tmp_path), "digits") == "digits_3"
    assert free_name("s3://bucket", "digits") == "digits"
    monkeypatch.setenv("RAY_AIR_LOCAL_CACHE_DIR", str(tmp_path))
    assert free_name(None, "digits") == "digits_3"
