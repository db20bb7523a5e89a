"""Recorded runs: only what W&B lacks is uploaded, and no file stops another."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wandb

from tests.tracking.upload.tables import Sync, states, steps
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file, read_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_folders import is_synced, mark_synced
from tune_wandb_nb.tracking.history.run_origin import Origin, write_origin
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.offline_runs import (
    Outcome,
    RunUpload,
    already_uploaded,
    is_abandoned,
)


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


@pytest.fixture
def upload(wire_server: WireServer, tmp_path: Path) -> RunUpload:
    (tmp_path / "scratch").mkdir()
    key = ApiKey(wire_server.api_key)
    destination = Destination(wire_server.url, key, wire_server.entity)
    return RunUpload(destination, tmp_path / "scratch", parallel=2)


def test_only_the_rows_are_prepared_that_w_and_b_lacks(
    upload: RunUpload, record: Callable[..., Path]
) -> None:
    outcomes: list[Outcome] = []
    file = record("one", 5)
    (first,) = upload.prepare([file], outcomes.append)
    assert (first.file, first.rows) == (file, 5)
    upload.upload([file], outcomes.append)
    assert [(outcome.state, outcome.uploaded) for outcome in outcomes] == [("synced", 5)]
    more = record("one", 5, first=3)
    (second,) = upload.prepare([more], outcomes.append)
    assert second.file != more
    assert second.rows == 3, "W&B has the rows of steps 3 and 4"


def test_nothing_is_uploaded_once_it_shall_not_continue(
    upload: RunUpload, record: Callable[..., Path], wire_server: WireServer
) -> None:
    outcomes: list[Outcome] = []
    upload.upload([record("one")], outcomes.append, should_continue=lambda _: False)
    assert outcomes == []
    assert wire_server.runs == {}


def test_a_file_whose_rows_have_not_arrived_loses_its_mark(
    upload: RunUpload, record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.history.server_run.SETTLES_WITHIN", 0)
    file = record("one")
    (pending,) = upload.prepare([file], lambda _: None)
    mark_synced(file)
    outcome = upload.finish(pending)
    assert (outcome.state, outcome.note) == ("failed", "W&B has not taken all of its rows")
    assert not is_synced(file)


def test_a_note_is_added_to_what_was_noted() -> None:
    outcome = Outcome(Path("file"), "one", "broken")
    assert outcome.with_note("first").note == "first"
    assert outcome.with_note("first").with_note("second").note == "first; second"


def test_a_file_that_is_marked_is_described_even_if_it_is_broken(
    record: Callable[..., Path],
) -> None:
    file = record("one", 3)
    expected = Outcome(file, "one", "already synced", rows=3)
    assert already_uploaded(file) == expected
    file.write_bytes(b"PK")
    assert already_uploaded(file) == Outcome(file, "one", "already synced")


def test_a_file_is_abandoned_once_its_process_is_gone_or_silent(tmp_path: Path) -> None:
    file = tmp_path / "run-one.wandb"
    file.touch()
    assert not is_abandoned(file)
    write_origin(tmp_path, Origin("one", "t", "p", "g"))
    assert not is_abandoned(file)
    long_ago = file.stat().st_mtime - 700
    os.utime(file, (long_ago, long_ago))
    assert is_abandoned(file)
    file.touch()
    with subprocess.Popen(["true"]) as gone:
        pass
    write_origin(tmp_path, Origin("one", "t", "p", "g", pid=str(gone.pid)))
    assert is_abandoned(file)
