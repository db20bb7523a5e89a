"""Experiments in S3 and Google Cloud Storage, for which moto and an emulator stand in."""

from __future__ import annotations

import json
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.fs
import pytest
from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage
from moto.server import ThreadedMotoServer
from ray import tune

import tune_wandb_nb as tw
from tests.recorded import losses, write_state, write_trial
from tests.searches import RunSearch, own_values
from tests.wire import WireServer
from tune_wandb_nb.widgets.dashboard import open_experiment

SECRET = "s3-secret-of-nobody"
ODD = "s3/sec#ret?of[no"
Address = Callable[[str], str]


@pytest.fixture(scope="module")
def s3() -> Iterator[Address]:
    """Give addresses in a bucket, with all that pyarrow has to know in them, for every process."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()

    def address(path: str) -> str:
        options = f"scheme=http&endpoint_override={host}:{port}&allow_bucket_creation=true"
        return f"s3://somebody:{SECRET}@bucket/{path}?{options}"

    files, bucket = pyarrow.fs.FileSystem.from_uri(address(""))
    files.create_dir(bucket)
    yield address
    server.stop()


@pytest.fixture(scope="module")
def gs() -> Iterator[Address]:
    """Give addresses in a bucket of Google Cloud Storage."""
    stored = Storage(use_memory_fs=True)
    create_bucket("bucket", stored)
    # The emulator's own server answers one connection after the other: a search holds several.
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(RequestHandler, stored))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    port = server.server_port

    def address(path: str) -> str:
        options = f"scheme=http&endpoint_override=127.0.0.1:{port}&retry_limit_seconds=20"
        return f"gs://anonymous@bucket/{path}?{options}"

    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["s3", "gs"])
def storage(request: pytest.FixtureRequest) -> Address:
    """Give addresses in a bucket of each kind."""
    address: Address = request.getfixturevalue(request.param)
    return address


def count_up(config: dict[str, Any]) -> None:
    first = 0
    if checkpoint := tune.get_checkpoint():
        with checkpoint.as_directory() as there:
            first = int(Path(there, "next").read_text())
    for i in range(first, 4):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "next").write_text(str(i + 1))
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"value": config["a"] * 10 + i}, checkpoint=saved)
        if i == 1 and config.get("fails"):
            raise RuntimeError("once")


def test_a_checkpoint_is_a_reference(
    run_search: RunSearch, wire_server: WireServer, s3: Address
) -> None:
    key = {"host": wire_server.url, "api_key": wire_server.api_key}
    logger = tw.WandbLogger(project="p", upload_checkpoints="last", **key)
    results = run_search(count_up, {"a": 1}, logger=logger, storage_path=s3("checkpoints"))
    assert results.num_errors == 0
    (run,) = wire_server.runs.values()
    (artifact,) = run.artifacts
    (reference,) = artifact.references.values()
    assert reference.startswith("s3://bucket/checkpoints/experiment/")
    assert "checkpoint_0" in reference
    assert artifact.metadata["value"] == 13
    assert SECRET not in wire_server.describe() + reference
    assert not any(SECRET.encode() in request.body for request in wire_server.requests)


def test_a_restored_search_goes_on_in_its_runs(
    run_search: RunSearch, wire_server: WireServer, s3: Address
) -> None:
    key = {"host": wire_server.url, "api_key": wire_server.api_key}
    tw.login(key["api_key"], host=key["host"])
    try:
        logger = tw.WandbLogger(project="p", host=key["host"])
        place = s3("restored")
        failed = run_search(count_up, {"a": 1, "fails": True}, logger=logger, storage_path=place)
        assert failed.num_errors == 1
        tuner = tune.Tuner.restore(
            place.replace("?", "/experiment?"), trainable=count_up, resume_errored=True
        )
        assert tuner.fit().num_errors == 0
    finally:
        tw.logout()
    (run,) = wire_server.runs.values()
    assert [(row["training_iteration"], row["value"]) for row in run.rows] == [
        (i + 1, 10 + i) for i in range(4)
    ]
    assert (run.exit_code, run.gaps) == (0, ())


def test_an_experiment_is_uploaded_from_there(
    run_search: RunSearch, wire_server: WireServer, storage: Address
) -> None:
    run_search(count_up, {"a": tune.grid_search([1, 2])}, storage_path=storage("untracked"))
    key = {"host": wire_server.url, "api_key": wire_server.api_key, "progress": False}
    table = tw.upload_experiment(storage("untracked/experiment"), "p", **key)
    assert list(table["state"]) == ["uploaded", "uploaded"]
    assert {run.group for run in wire_server.runs.values()} == {"experiment"}
    for run in wire_server.runs.values():
        assert [own_values(row) for row in run.rows] == [
            {"value": run.config["a"] * 10 + i} for i in range(4)
        ]


def test_what_is_not_there_is_said_without_the_secret(wire_server: WireServer, s3: Address) -> None:
    key = {"host": wire_server.url, "api_key": wire_server.api_key}
    with pytest.raises(tw.SettingsError, match=r"'s3://bucket/no/such' cannot be read") as caught:
        tw.upload_experiment(s3("no/such"), "p", **key)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("scheme", ["s3", "s4", "nonsense"])
def test_no_error_holds_a_secret(wire_server: WireServer, scheme: str) -> None:
    key = {"host": wire_server.url, "api_key": wire_server.api_key}
    with pytest.raises(tw.SettingsError, match="cannot be read") as caught:
        tw.upload_experiment(f"{scheme}://somebody:{ODD}@bucket/no/such", "p", **key)
    assert not any(part in str(caught.value) for part in ("sec#", "ret?", "[no"))
    assert caught.value.__suppress_context__


def put(folder: Path, address: str) -> None:
    """Copy an experiment's folder into the bucket."""
    files, there = pyarrow.fs.FileSystem.from_uri(address)
    pyarrow.fs.copy_files(str(folder), there, pyarrow.fs.LocalFileSystem(), files)


def test_a_dashboard_follows_an_experiment_there(
    tmp_path: Path, storage: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_experiment, "_REMOTE_EVERY", 0.05)
    monkeypatch.setattr(open_experiment, "_QUIET", 0.2)
    address = storage("followed/digits")
    rows = losses(3.0, 2.0)
    write_trial(tmp_path, "a", *rows, lr=1)
    write_trial(tmp_path, "b", *losses(1.0), lr=2)
    write_state(tmp_path, a="RUNNING", b="TERMINATED")
    put(tmp_path, address)
    dashboard = tw.Dashboard.open(address, follow=True, metric="loss", mode="min")
    ended: queue.Queue[None] = queue.Queue()
    dashboard.board.on_end(lambda: ended.put(None))
    first = dashboard.board.snapshot()
    assert (first.name, first.ended, first.counts["running"]) == ("digits", None, 1)

    last = {"training_iteration": 3, "loss": 0.5, "config": {"lr": 4}}
    write_trial(tmp_path, "a", *rows, last, lr=1)
    policy = ["0_lr=1", "1_lr=2", 2, 1, {"lr": 2}, {"lr": 4}]
    (tmp_path / "pbt_policy_a.txt").write_text(f"{json.dumps(policy)}\n")
    write_state(tmp_path, tags={"a": "0_lr=1", "b": "1_lr=2"}, a="TERMINATED", b="TERMINATED")
    put(tmp_path, address)
    ended.get(timeout=60)
    snapshot = dashboard.board.snapshot()
    assert snapshot.best is not None
    assert (snapshot.best.trial_id, snapshot.best.iteration) == ("a", 3)
    assert [change.copied_from for change in snapshot.perturbations] == ["b"]
    assert SECRET not in dashboard.report() + repr(dashboard)

    opened = tw.Dashboard.open(address, metric="loss", mode="min")
    assert repr(opened) == "<Dashboard: finished, 2 trials>"
    scheme = address.partition("://")[0]
    said = f"'{scheme}://bucket/no/such' cannot be read"
    with pytest.raises(tw.SettingsError, match=said) as caught:
        tw.Dashboard.open(storage("no/such"))
    assert SECRET not in str(caught.value)
