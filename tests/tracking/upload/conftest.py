"""Fixtures of uploads: runs that are recorded offline, and `sync_runs` to the wire server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tune_wandb_nb as tw
from tests.tracking.upload.tables import Sync
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun


@pytest.fixture
def sync(wire_server: WireServer, wandb_home: Path, monkeypatch: pytest.MonkeyPatch) -> Sync:
    """`sync_runs` of the test's folder to the wire server, without a bar."""
    monkeypatch.delenv("WANDB_API_KEY", raising=False)

    def sync_runs(paths: Any = wandb_home / "wandb", **given: Any) -> pd.DataFrame:
        own = {"host": wire_server.url, "api_key": wire_server.api_key, "progress": False}
        return tw.sync_runs(paths, **own | given)

    return sync_runs


@pytest.fixture
def record(start_run: StartRun, wandb_home: Path) -> Callable[..., Path]:
    """Record a run offline; returns its file."""

    def record(run_id: str, rows: int = 5, *, first: int = 0, ends: bool = True) -> Path:
        known = set(find_wandb_files(wandb_home))
        run = start_run(run_id, mode="offline", config={"a": 1}, name=f"run {run_id}")
        for step in range(first, first + rows):
            run.log({"value": step * 0.5, "training_iteration": step + 1}, step=step)
        run.finish()
        (file,) = set(find_wandb_files(wandb_home)) - known
        read_ended_wandb_file(file)
        if not ends:
            # As if its process had been killed: cut inside the last entries.
            content = file.read_bytes()
            file.write_bytes(content[: len(content) * 3 // 4])
        return file

    return record
