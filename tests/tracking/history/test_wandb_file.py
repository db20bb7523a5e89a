"""What wandb has recorded of a run: read, waited for, and copied without what W&B has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wire import find_wandb_files, read_ended_wandb_file, read_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_log import BrokenLogError, UnfinishedLogError
from tune_wandb_nb.tracking.history.wandb_file import (
    OFFLINE_SUFFIX,
    RecordedRun,
    UnsyncedCopy,
    last_recorded,
    read_run,
    wait_for_end,
)

Record = Callable[..., Path]


@pytest.fixture
def record(start_run: StartRun, wandb_home: Path) -> Record:
    """Record a run offline; returns its file."""

    def record(run_id: str, steps: range, *, first_iteration: int = 1) -> Path:
        before = set(find_wandb_files(wandb_home))
        run = start_run(run_id, mode="offline", entity="team")
        for iteration, step in enumerate(steps, start=first_iteration):
            run.log({"value": step, "training_iteration": iteration}, step=step)
        run.finish()
        (file,) = set(find_wandb_files(wandb_home)) - before
        read_ended_wandb_file(file)
        return file

    return record


def test_a_file_names_its_run_and_its_rows(record: Record) -> None:
    file = record("one", range(2, 12, 3))
    assert read_run(file) == RecordedRun(
        path=file,
        run_id="one",
        project="p",
        entity="team",
        rows=4,
        first_step=2,
        last_step=11,
        last_iteration=4,
        is_ended=True,
        is_cut_off=False,
        is_renamed=False,
    )


def test_a_run_without_rows_has_no_steps(record: Record) -> None:
    run = read_run(record("one", range(0)))
    assert (run.rows, run.first_step, run.last_step, run.last_iteration) == (0, None, None, None)
    assert run.is_ended


def test_a_file_that_was_cut_is_read_to_its_last_whole_row(record: Record) -> None:
    file = record("one", range(50))
    file.write_bytes(file.read_bytes()[:-200])
    run = read_run(file)
    assert (run.is_ended, run.is_cut_off) == (False, True)
    assert 0 < run.rows <= 50
    assert run.last_step == run.rows - 1


def test_a_file_that_does_not_name_its_run_yet_is_told_from_a_broken_one(record: Record) -> None:
    file = record("one", range(3))
    content = file.read_bytes()
    file.write_bytes(content[:7])
    with pytest.raises(UnfinishedLogError, match=r"run-one\.wandb ends before it names its run"):
        read_run(file)
    file.write_bytes(b"PK" + content[2:])
    with pytest.raises(BrokenLogError, match=r"does not start as a \.wandb file does") as caught:
        read_run(file)
    assert not isinstance(caught.value, UnfinishedLogError)


def test_the_suffix_is_no_part_of_the_id(record: Record) -> None:
    run = read_run(record(f"one{OFFLINE_SUFFIX}", range(1)))
    assert (run.run_id, run.is_renamed) == ("one", True)


def test_the_last_row_of_all_files_of_a_run_is_found(record: Record, wandb_home: Path) -> None:
    assert last_recorded(wandb_home, "one") == (None, None)
    record("one", range(5))
    record("two", range(90))
    later = record("one", range(5, 8), first_iteration=6)
    # As if it had been started in a later second.
    folder = later.parent.with_name("offline-run-20990101_000000-one")
    later = later.parent.rename(folder) / later.name
    assert last_recorded(wandb_home, "one") == (8, 7)
    later.write_bytes(b"broken")
    assert last_recorded(wandb_home, "one") == (5, 4)


def test_an_end_that_is_recorded_is_found_at_once(record: Record) -> None:
    assert wait_for_end(record("one", range(5)), within=0)


def test_an_end_that_comes_is_waited_for(record: Record) -> None:
    file = record("one", range(5))
    whole = file.read_bytes()
    file.write_bytes(whole[:-30])
    assert not wait_for_end(file, within=0)
    written = threading.Timer(0.1, file.write_bytes, [whole])
    written.start()
    assert wait_for_end(file, within=30)
    written.join()


def test_an_end_is_not_waited_for_once_the_folder_is_deleted(tmp_path: Path) -> None:
    # Without the check this would take its 600 seconds.
    assert not wait_for_end(tmp_path / "gone" / "run-one.wandb", within=600)


def test_a_copy_has_only_the_rows_that_w_and_b_lacks(record: Record, tmp_path: Path) -> None:
    file = record("one", range(10))
    copy = UnsyncedCopy(file, tmp_path, after_step=6)
    assert copy.rows == 3
    assert copy.path.name == file.name
    run = read_wandb_file(copy.path)
    assert ([row["value"] for row in run.rows], run.exit_code) == ([7, 8, 9], 0)


def test_a_copy_without_a_last_step_has_every_row(record: Record, tmp_path: Path) -> None:
    file = record("one", range(10))
    copy = UnsyncedCopy(file, tmp_path, after_step=None)
    assert copy.rows == 10
    assert copy.path.read_bytes() == file.read_bytes()


def test_a_copy_has_the_runs_own_id(record: Record, tmp_path: Path) -> None:
    copy = UnsyncedCopy(record(f"one{OFFLINE_SUFFIX}", range(2)), tmp_path, after_step=None)
    assert read_run(copy.path).run_id == "one"
    assert not read_run(copy.path).is_renamed


def test_a_copy_catches_up_with_what_is_written_later(record: Record, tmp_path: Path) -> None:
    file = record("one", range(50))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    copy = UnsyncedCopy(file, tmp_path, after_step=4)
    before = copy.rows
    assert 0 < before < 45
    copy.catch_up()
    assert copy.rows == before
    file.write_bytes(whole)
    copy.catch_up()
    assert copy.rows == 45
    run = read_wandb_file(copy.path)
    assert [row["value"] for row in run.rows] == list(range(5, 50))
    assert run.exit_code == 0
