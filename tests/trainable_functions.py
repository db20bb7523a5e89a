"""Trainables for tests of searches that run in the background."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from ray import tune


def quick(config: dict[str, Any]) -> None:
    """Report three times and end."""
    for i in range(3):
        tune.report({"score": config["x"] * (i + 1)})


def count_up(config: dict[str, Any]) -> None:
    """Report as many rows as are asked for, each with a value that no other trial has."""
    for i in range(config["rows"]):
        tune.report({"value": config["a"] * 1000 + i})


def endless(config: dict[str, Any]) -> None:
    """Report until somebody stops it."""
    for i in range(100_000):
        tune.report({"score": i})
        time.sleep(0.05)


def failing(config: dict[str, Any]) -> None:
    """Report once and fail."""
    tune.report({"score": 1.0})
    raise ValueError('no <script>alert("luck")</script>')


def run_config(path: Path, **given: Any) -> tune.RunConfig:
    """Write into the test's folder and print nothing."""
    return tune.RunConfig(storage_path=str(path), verbose=0, **given)


def resumable(config: dict[str, Any]) -> None:
    """Report six times, each time with a checkpoint from which it can go on."""
    checkpoint, done = tune.get_checkpoint(), 0
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            done = int((Path(folder) / "done").read_text())
    for i in range(done, 6):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "done").write_text(str(i + 1))
            score = config["x"] * (i + 1)
            tune.report({"score": score}, checkpoint=tune.Checkpoint.from_directory(folder))
