"""Trainables and a Ray for tests of real searches."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune


@pytest.fixture(scope="module")
def small_ray() -> Iterator[None]:
    """A Ray of two CPUs, unless a test before has left one."""
    ours = not ray.is_initialized()
    if ours:
        ray.init(
            num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
        )
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    yield
    if ours:
        ray.shutdown()


def quick(config: dict[str, Any]) -> None:
    """Report three times and end."""
    for i in range(3):
        tune.report({"score": config["x"] * (i + 1)})


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
