"""Following runs: each row is uploaded soon after it is written, and once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from tests.tracking.upload.tables import Sync, states, steps
from tests.wire import WireServer, find_wandb_files
from tests.wire.fixtures import StartRun


class Live:
    """`sync_runs(live=True)` in a thread of its own."""

    def __init__(self, sync: Sync, **given: Any) -> None:
        self.table: pd.DataFrame | None = None
        self._thread = threading.Thread(target=self._run, args=(sync, given))
        self._thread.start()

    def _run(self, sync: Sync, given: dict[str, Any]) -> None:
        self.table = sync(live=True, patience=2.0, **given)

    def join(self) -> pd.DataFrame:
        self._thread.join(120)
        assert self.table is not None
        return self.table


def log_blocks(run: Any, steps: range) -> None:
    """Log so much that wandb-core writes whole blocks to the file."""
    for step in steps:
        run.log({"value": step * 0.5, "padding": "x" * 10_000}, step=step)


def wait_for_size(file: Path, size: int) -> None:
    end = time.monotonic() + 30
    while file.stat().st_size < size:
        assert time.monotonic() < end
        time.sleep(0.01)  # another process writes the file: there is no event to wait for


def test_runs_are_followed_while_they_are_written(
    sync: Sync, start_run: StartRun, wire_server: WireServer, wandb_home: Path
) -> None:
    def has(run_id: str, step: int) -> Callable[[WireServer], bool]:
        # The last block is not on the disk before the run ends.
        return lambda server: len(((r := server.runs.get(run_id)) and r.rows) or []) > step - 10

    (wandb_home / "wandb").mkdir(exist_ok=True)
    live = Live(sync)
    one = start_run("one", mode="offline")
    log_blocks(one, range(40))
    wire_server.wait_for(has("one", 40))
    two = start_run("two", mode="offline")
    log_blocks(two, range(20))
    wire_server.wait_for(has("two", 20))
    log_blocks(one, range(40, 60))
    wire_server.wait_for(has("one", 60))
    assert not wire_server.runs["one"].complete
    one.finish()
    wire_server.wait_for(lambda server: server.runs["one"].complete)
    two.finish(exit_code=1)
    table = live.join()
    assert states(table) == {"one": "synced", "two": "synced"}
    assert steps(wire_server, "one") == list(range(60))
    assert steps(wire_server, "two") == list(range(20))
    assert (wire_server.runs["one"].exit_code, wire_server.runs["two"].exit_code) == (0, 1)
    assert states(sync()) == {"one": "already synced", "two": "already synced"}


def test_following_goes_on_where_an_upload_has_stopped(
    sync: Sync, start_run: StartRun, wire_server: WireServer, wandb_home: Path
) -> None:
    run = start_run("one", mode="offline")
    log_blocks(run, range(30))
    (file,) = find_wandb_files(wandb_home)
    wait_for_size(file, 200_000)
    assert states(sync()) == {"one": "synced so far"}
    before = len(steps(wire_server, "one"))
    assert before > 10
    live = Live(sync)
    log_blocks(run, range(30, 60))
    wire_server.wait_for(lambda server: len(server.runs["one"].rows) > 50)
    run.finish()
    table = live.join()
    assert list(table["state"]) == ["synced"]
    assert list(table["rows"]) == [60]
    assert list(table["uploaded"]) == [60 - before]
    assert steps(wire_server, "one") == list(range(60))
