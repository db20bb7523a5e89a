"""`sync_runs`: what was recorded offline is in W&B afterwards, each row once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import wandb

import tune_wandb_nb as tw
from tests.wire import (
    WireServer,
    find_wandb_files,
    read_ended_wandb_file,
    read_wandb_file,
)
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import AccountError

Sync = Callable[..., pd.DataFrame]


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


def steps(server: WireServer, run_id: str) -> list[int]:
    run = next(run for run in server.runs.values() if run.run_id == run_id)
    assert [row["value"] for row in run.rows] == [row["_step"] * 0.5 for row in run.rows]
    return [row["_step"] for row in run.rows]


def states(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["run_id"], table["state"], strict=True))


def test_everything_arrives_once_and_nothing_is_uploaded_twice(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    rows = {"one": 1, "two": 0, "three": 300}
    files = [record(name, count) for name, count in rows.items()]
    table = sync()
    assert states(table) == dict.fromkeys(rows, "synced")
    assert dict(zip(table["run_id"], table["rows"], strict=True)) == rows
    assert list(table["rows"]) == list(table["uploaded"])
    assert set(table["path"]) == set(map(str, files))
    assert list(table["note"]) == ["", "", ""]
    assert [steps(wire_server, name) for name in ("one", "two", "three")] == [
        [0], [], list(range(300)),
    ]  # fmt: skip
    run = next(run for run in wire_server.runs.values() if run.run_id == "one")
    assert (run.project, run.name, run.config, run.exit_code) == ("p", "run one", {"a": 1}, 0)

    before = len(wire_server.requests)
    again = sync()
    assert set(states(again).values()) == {"already synced"}
    assert dict(zip(again["run_id"], again["rows"], strict=True)) == rows
    assert len(wire_server.requests) == before

    # Even where the marks were lost.
    for file in files:
        file.with_suffix(".wandb.synced").unlink()
    again = sync()
    assert set(states(again).values()) == {"synced"}
    assert list(again["uploaded"]) == [0, 0, 0]
    assert steps(wire_server, "three") == list(range(300))


def test_images_arrive_with_their_rows(
    sync: Sync, start_run: StartRun, wire_server: WireServer
) -> None:
    run = start_run("images", mode="offline")
    for shade in (10, 200):
        run.log({"image": wandb.Image(np.full((4, 4, 3), shade, np.uint8))})
    run.finish()
    (file,) = find_wandb_files(Path())
    read_ended_wandb_file(file)
    content = file.read_bytes()
    file.write_bytes(content[:-3])  # so that a copy is uploaded
    assert states(sync()) == {"images": "synced so far"}
    (run,) = wire_server.runs.values()
    assert len(run.rows) == 2
    images = [name for name in run.files if name.endswith(".png")]
    assert len(images) == 2


def test_an_upload_that_was_interrupted_goes_on(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    file = record("one", 40)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    first = sync()
    assert states(first) == {"one": "synced so far"}
    arrived = steps(wire_server, "one")
    assert arrived == list(range(len(arrived)))
    assert 0 < len(arrived) < 40
    assert list(first["uploaded"]) == [len(arrived)]

    file.write_bytes(whole)
    second = sync()
    assert states(second) == {"one": "synced"}
    assert list(second["uploaded"]) == [40 - len(arrived)]
    assert steps(wire_server, "one") == list(range(40))


def test_a_killed_run_is_uploaded_as_far_as_it_goes(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    file = record("killed", 40, ends=False)
    hours_ago = file.stat().st_mtime - 7200
    os.utime(file, (hours_ago, hours_ago))
    table = sync()
    assert states(table) == {"killed": "synced"}
    assert list(table["note"]) == ["its process was killed"]
    assert steps(wire_server, "killed") == list(range(int(table["rows"][0])))
    assert states(sync()) == {"killed": "already synced"}


def test_a_broken_file_is_named_and_stops_no_other(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    empty, damaged, alien = (record(name, 20) for name in ("empty", "damaged", "alien"))
    record("whole", 20)
    empty.write_bytes(empty.read_bytes()[:7])
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 255
    damaged.write_bytes(content)
    alien.write_bytes(b"PK\3\4")
    table = sync()
    expected = {"empty": "empty", "damaged": "broken", "alien": "broken", "whole": "synced"}
    assert states(table) == expected
    notes = dict(zip(table["run_id"], table["note"], strict=True))
    assert notes["empty"] == "its process left before it had recorded anything"
    assert notes["damaged"].startswith("run-damaged.wandb is damaged at byte ")
    assert notes["alien"] == "run-alien.wandb does not start as a .wandb file does"
    assert steps(wire_server, "whole") == list(range(20))
    assert len(wire_server.runs) == 1


def test_a_run_in_two_folders_is_one_run(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    record("resumed", 10)
    # It repeats the last two, as Tune does after a checkpoint.
    record("resumed", 10, first=8)
    table = sync()
    assert list(table["state"]) == ["synced", "synced"]
    assert sorted(table["uploaded"]) == [8, 10]
    assert steps(wire_server, "resumed") == list(range(18))


def test_a_file_of_a_killed_process_is_over_once_a_later_one_goes_on_with_its_run(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    killed = record("resumed", 40, ends=False)
    there = len(read_wandb_file(killed).rows)
    record("resumed", 10, first=there)
    table = sync()
    assert list(table["state"]) == ["synced", "synced"]
    # Both may have been begun in one second, and are then in any order.
    assert sorted(table["note"]) == ["", "its process was killed"]
    assert steps(wire_server, "resumed") == list(range(there + 10))


def test_one_that_the_server_refuses_stops_no_other(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    record("refused")
    record("taken")
    wire_server.faults.fail(403, path_contains="/files/test-entity/p/refused/")
    table = sync()
    assert states(table) == {"refused": "failed", "taken": "synced"}
    notes = dict(zip(table["run_id"], table["note"], strict=True))
    assert notes["refused"] == "W&B has not taken all of its rows"
    wire_server.faults.clear()
    assert states(sync()) == {"refused": "synced", "taken": "already synced"}
    assert steps(wire_server, "refused") == list(range(5))
    assert steps(wire_server, "taken") == list(range(5))


def test_a_search_is_uploaded_by_its_logger(
    sync: Sync, run_search: Any, wire_server: WireServer
) -> None:
    def train(config: dict[str, Any]) -> None:
        from ray import tune

        for i in range(3):
            tune.report({"value": config["a"] * i})

    from ray import tune

    logger = tw.WandbLogger(project="p", mode="offline")
    run_search(train, {"a": tune.grid_search([1, 2])}, logger=logger)
    table = sync(logger)
    assert sorted(table["run_id"]) == sorted(logger.audit()["run_id"])
    assert list(table["state"]) == ["synced", "synced"]
    for run in wire_server.runs.values():
        assert [row["value"] for row in run.rows] == [run.config["a"] * i for i in range(3)]
        assert run.exit_code == 0


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


def wait_for_size(file: Path, size: int) -> None:
    end = time.monotonic() + 30
    while file.stat().st_size < size:
        assert time.monotonic() < end
        time.sleep(0.01)  # another process writes the file: there is no event to wait for


def test_what_is_uploaded_is_chosen(
    sync: Sync, record: Callable[..., Path], wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = record("one"), record("two")
    # The folder of a run that is online, which W&B has.
    online = two.parent.parent / two.parent.name.removeprefix("offline-")
    two.parent.rename(online)
    assert states(sync([one, str(one.parent)])) == {"one": "synced"}
    assert states(sync(wandb_home)) == {"one": "already synced"}
    assert states(sync(online)) == {"two": "synced"}, "asked for by its name"
    monkeypatch.setenv("WANDB_DIR", str(wandb_home))
    assert states(sync(None)) == {"one": "already synced"}
    monkeypatch.setenv("WANDB_DIR", str(wandb_home / "nothing here"))
    assert len(sync(None)) == 0


def test_other_entities_and_projects(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer
) -> None:
    record("one")
    for _ in range(2):
        sync(project="other", entity="team")
        for mark in Path().rglob("*.synced"):
            mark.unlink()
    (run,) = wire_server.runs.values()
    assert (run.entity, run.project, run.run_id) == ("team", "other", "one")
    assert steps(wire_server, "one") == list(range(5))


def test_bad_input(sync: Sync, record: Callable[..., Path], wire_server: WireServer) -> None:
    record("one")
    with pytest.raises(FileNotFoundError, match="there is no nowhere to upload runs from"):
        sync("nowhere")
    with pytest.raises(tw.SettingsError, match=r"takes a folder, a \.wandb file, a WandbLogger"):
        sync(3)
    with pytest.raises(tw.SettingsError, match=r"takes a W&B API key, and none was found.*login"):
        sync(api_key=None)
    with pytest.raises(AccountError, match="refuses the key"):
        sync(api_key="f" * 40)
    with pytest.raises(AccountError, match="cannot be reached"):
        sync(host="http://127.0.0.1:9")
    assert states(sync()) == {"one": "synced"}, "nothing is lost"


def test_an_interrupt_ends_wandbs_process_too(
    record: Callable[..., Path], wire_server: WireServer, tmp_path: Path
) -> None:
    file = record("one")
    wire_server.faults.hang("/file_stream")
    script = (
        "import sys, tune_wandb_nb as tw\n"
        "try: tw.sync_runs(sys.argv[1], host=sys.argv[2], api_key=sys.argv[3])\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    command = [sys.executable, "-c", script, str(file), wire_server.url, wire_server.api_key]
    env = os.environ | {"PYTHONPATH": str(Path(tw.__file__).parents[1])}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    wire_server.wait_for(lambda server: server.faults.hanging > 0)
    process.send_signal(2)
    said, _ = process.communicate(timeout=60)
    assert said == "interrupted\n"
    wire_server.faults.release()
    left = subprocess.run(["pgrep", "-f", str(file)], capture_output=True, check=False)
    assert left.stdout == b""


def test_the_key_is_on_no_disk(
    sync: Sync, record: Callable[..., Path], wire_server: WireServer, wandb_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TMPDIR", str(wandb_home))
    record("one")
    sync()
    key = wire_server.api_key.encode()
    found = [file for file in wandb_home.rglob("*") if file.is_file() and key in file.read_bytes()]
    assert found == []
    assert not any(request.mentions(wire_server.api_key) for request in wire_server.requests)
