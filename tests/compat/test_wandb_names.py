"""The names that W&B keeps for itself, and its data types, in the wandb that is installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import wandb

from tests.wire import find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_names import (
    RESERVED_METRICS,
    STEP,
    TIMESTAMP,
    is_data_type,
    move_file,
    temporary_file,
)

PIXELS = np.zeros((2, 2, 3), np.uint8)


@pytest.mark.parametrize("name", ["Image", "Video", "Audio", "Table", "Histogram", "Html", "Graph"])
def test_a_data_type_is_told_by_name(name: str) -> None:
    assert is_data_type(getattr(wandb, name))


@pytest.mark.parametrize("kind", [dict, np.ndarray, wandb.Settings, wandb.Artifact])
def test_nothing_else_is_a_data_type(kind: type) -> None:
    assert not is_data_type(kind)


def test_an_image_of_an_array_is_a_temporary_file() -> None:
    file = temporary_file(wandb.Image(PIXELS))
    assert file is not None
    assert Path(file).is_file()


def test_an_image_of_a_file_is_not_temporary(tmp_path: Path) -> None:
    shutil.copyfile(temporary_file(wandb.Image(PIXELS)) or "", tmp_path / "image.png")
    assert temporary_file(wandb.Image(str(tmp_path / "image.png"))) is None


@pytest.mark.parametrize("item", [1.0, "text", object(), wandb.Histogram([1, 2])])
def test_what_has_no_file_has_no_temporary_one(item: object) -> None:
    assert temporary_file(item) is None


def test_a_run_logs_an_image_from_where_it_was_moved(start_run: StartRun, tmp_path: Path) -> None:
    image = wandb.Image(PIXELS)
    file = temporary_file(image)
    assert file is not None
    content = Path(file).read_bytes()
    kept = tmp_path / "kept.png"
    shutil.move(file, kept)
    move_file(image, str(kept))
    run = start_run("one", mode="offline")
    run.log({"image": image})
    (logged,) = Path(run.dir).rglob("*.png")
    run.finish()
    assert logged.read_bytes() == content


def test_the_metrics_that_w_and_b_adds_to_a_row_are_reserved(
    start_run: StartRun, tmp_path: Path
) -> None:
    run = start_run("one", mode="offline")
    run.log({"value": 1.0, TIMESTAMP: 5.0})
    run.finish()
    (file,) = find_wandb_files(tmp_path)
    ended = read_ended_wandb_file(file)
    (row,) = ended.rows
    assert row.keys() - {"value"} <= RESERVED_METRICS
    assert row[STEP] == 0
    assert row[TIMESTAMP] == 5.0
    assert ended.summary.keys() - {"value"} <= RESERVED_METRICS
