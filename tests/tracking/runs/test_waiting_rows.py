"""Rows that wait for their runs: the driver's memory is bounded, and no row changes."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from tune_wandb_nb.tracking.results.payload import Media
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.runs.waiting_rows import StoredRow, WaitingRows, size_of

IMAGE = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def row(value: Any, step: int = 1) -> Row:
    return Row({"value": value}, {"lr": 0.1}, {"best/loss": 1.0}, step)


def on_disk(folder: Path) -> int:
    """Return the bytes of this process's open files in a folder; they may have no name."""
    descriptors = list(Path("/proc/self/fd").iterdir())
    return sum(
        each.stat().st_size
        for each in descriptors
        if each.exists() and str(each.readlink()).startswith(str(folder))
    )


def test_a_row_stays_in_memory_below_the_bound(scratch: Path) -> None:
    waiting = WaitingRows()
    kept = row(1.0)
    assert waiting.take(waiting.put(kept)) is kept
    assert on_disk(scratch) == 0


def test_past_the_bound_rows_are_files_until_they_are_taken(scratch: Path) -> None:
    waiting = WaitingRows(bound=2 * IMAGE.nbytes)
    stored = [waiting.put(row(Media("image", IMAGE + n), n)) for n in range(5)]
    assert [each.row is None for each in stored] == [False, True, True, True, True]
    assert on_disk(scratch) >= 4 * IMAGE.nbytes
    for n, each in enumerate(stored):
        taken = waiting.take(each)
        assert taken.step == n
        assert (taken.metrics["value"].array == IMAGE + n).all()
    assert on_disk(scratch) == 0
    assert waiting.put(row(Media("image", IMAGE))).row is not None, "there is room again"


def test_a_file_of_wandbs_own_data_types_is_the_same_afterwards() -> None:
    waiting = WaitingRows(bound=0)
    image = waiting.take(waiting.put(row(wandb.Image(IMAGE, caption="c")))).metrics["value"]
    assert (image.image.size, image._caption) == ((64, 64), "c")


def test_a_row_that_cannot_be_a_file_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = WaitingRows(bound=0)
    assert waiting.put(row(threading.Lock())).row is not None
    monkeypatch.setattr(tempfile, "tempdir", "/proc/none")
    assert WaitingRows(bound=0).put(row(1.0)).row is not None


def test_a_file_that_is_gone_is_an_error(scratch: Path) -> None:
    waiting = WaitingRows(bound=0)
    stored = waiting.put(row(1.0))
    waiting.delete()
    assert on_disk(scratch) == 0
    with pytest.raises(ValueError, match="closed file"):
        waiting.take(stored)
    assert isinstance(stored, StoredRow)


def test_rows_that_never_stop_waiting_do_not_fill_the_disk(scratch: Path) -> None:
    waiting = WaitingRows(bound=4 * IMAGE.nbytes)
    before = [waiting.put(row(Media("image", IMAGE), n)) for n in range(8)]
    for n in range(8, 40):
        assert waiting.take(before.pop(0)).step == n - 8
        before.append(waiting.put(row(Media("image", IMAGE), n)))
    assert on_disk(scratch) < 16 * IMAGE.nbytes


@pytest.mark.parametrize(
    ("value", "at_least"),
    [(1.0, 0), ("x" * 1000, 1000), (IMAGE, IMAGE.nbytes), (Media("image", IMAGE), IMAGE.nbytes),
     ([IMAGE, IMAGE], 2 * IMAGE.nbytes), (Media("images", [IMAGE]), IMAGE.nbytes)],
)  # fmt: skip
def test_the_size_of_arrays_and_texts_counts(value: Any, at_least: int) -> None:
    assert at_least <= size_of({"a": value}) < at_least + 1000
