"""`wandb beta sync` in a process of its own: it marks, it is stopped, it shows no key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tune_wandb_nb as tw
from tests.tracking.upload.tables import Sync, steps
from tests.wire import WireServer
from tune_wandb_nb.compat.wandb_folders import is_synced
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.wandb_cli import upload_logs


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


@pytest.fixture
def destination(wire_server: WireServer) -> Destination:
    return Destination(wire_server.url, ApiKey(wire_server.api_key), wire_server.entity)


def test_files_are_uploaded_marked_and_called_back(
    destination: Destination, record: Callable[..., Path], wire_server: WireServer
) -> None:
    files = [record("one"), record("two")]
    synced: list[Path] = []
    assert upload_logs(files, destination, on_synced=synced.append) == {}
    assert sorted(synced) == sorted(files)
    assert all(map(is_synced, files))
    assert [steps(wire_server, name) for name in ("one", "two")] == [list(range(5))] * 2


def test_a_file_that_wandb_cannot_read_is_returned_with_its_words(
    destination: Destination, record: Callable[..., Path]
) -> None:
    file = record("one")
    file.write_bytes(b"PK" + file.read_bytes()[2:])
    errors = upload_logs([file], destination)
    assert list(errors) == [file]
    assert errors[file]
    assert str(file) not in errors[file]


def test_wandbs_process_is_ended_where_it_shall_not_continue(
    destination: Destination, record: Callable[..., Path], wire_server: WireServer
) -> None:
    file = record("one")
    wire_server.faults.hang("/file_stream")
    asked: list[list[Path]] = []

    def should_continue(waiting: Any) -> bool:
        asked.append(list(waiting))
        return wire_server.faults.hanging == 0

    errors = upload_logs([file], destination, should_continue=should_continue)
    wire_server.faults.release()
    assert list(errors) == [file]
    assert errors[file].startswith("wandb sync ended with exit code")
    assert asked[-1] == [file]
    left = subprocess.run(["pgrep", "-f", str(file)], capture_output=True, check=False)
    assert left.stdout == b""
