"""The folders and files that the installed wandb makes for a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.wire import read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_folders import (
    copy_folder,
    find_logs,
    is_offline,
    is_run_folder,
    is_synced,
    mark_synced,
    offline_logs,
    recorded_id,
    start_of,
    unmark,
)


@pytest.fixture
def offline_log(start_run: StartRun, tmp_path: Path) -> Path:
    """The file of a run that wandb has recorded offline."""
    start_run("trial-1", mode="offline").finish()
    (file,) = find_logs(tmp_path)
    # wandb-core writes the end after `finish` has returned, and would write over a changed file.
    read_ended_wandb_file(file)
    return file


def test_an_offline_run_is_where_we_look(offline_log: Path, tmp_path: Path) -> None:
    assert offline_logs(tmp_path, "trial-1") == [offline_log]
    assert recorded_id(offline_log) == "trial-1"
    assert is_offline(offline_log)
    assert is_run_folder(offline_log.parent)
    assert not is_run_folder(offline_log.parents[1])
    assert offline_logs(tmp_path, "trial") == []


def test_a_run_that_is_opened_twice_in_one_second_has_two_files(
    start_run: StartRun, tmp_path: Path
) -> None:
    folders = []
    while len(folders) < 2 or not folders[-1].endswith("-1"):
        # Again where a second has ended in between.
        run = start_run("again", mode="offline")
        folders.append(Path(run.dir).parent.name)
        run.finish()
    found = [file.parent.name for file in offline_logs(tmp_path, "again")]
    assert found == folders
    assert offline_logs(tmp_path, "gain") == offline_logs(tmp_path, "agai") == []


def test_an_online_run_is_told_from_an_offline_one(start_run: StartRun, tmp_path: Path) -> None:
    start_run("one").finish()
    (file,) = find_logs(tmp_path)
    assert recorded_id(file) == "one"
    assert not is_offline(file)
    assert offline_logs(tmp_path, "one") == []


def test_the_folders_names_sort_by_the_start(tmp_path: Path) -> None:
    names = ["run-20260101_120001-b", "offline-run-20260101_120000-z", "run-20260101_120002-a"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "run-id.wandb").touch()
    found = find_logs(tmp_path)
    assert [file.parent.name for file in found] == [names[1], names[0], names[2]]
    assert sorted(found, key=start_of) == found


def test_the_time_in_a_real_folders_name_is_found(offline_log: Path) -> None:
    assert start_of(offline_log)[4:12].isdecimal(), offline_log


def test_a_mark_is_set_outdated_and_taken_away(offline_log: Path) -> None:
    assert not is_synced(offline_log)
    mark_synced(offline_log)
    assert is_synced(offline_log)
    later = offline_log.stat().st_mtime + 100
    os.utime(offline_log, (later, later))
    assert not is_synced(offline_log)
    unmark(offline_log)
    unmark(offline_log)
    assert list(offline_log.parent.glob("*.synced")) == []


def test_a_copy_has_the_runs_files_and_its_folders_name(offline_log: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    copy = copy_folder(offline_log, tmp_path / "scratch")
    assert copy.name == offline_log.name
    assert copy.parent.name == offline_log.parent.name
    there = offline_log.parent / "files"
    assert there.is_dir(), "wandb keeps a run's files elsewhere"
    assert (copy.parent / "files").resolve() == there.resolve()
