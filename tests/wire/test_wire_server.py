"""The wire server against the real wandb: what a run logs is what the server has."""

from __future__ import annotations

import gzip
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from tests.wire import (
    OfflineRun,
    WireRun,
    WireServer,
    find_wandb_files,
    read_ended_wandb_file,
    read_wandb_file,
)
from tests.wire.fixtures import StartRun, asks_the_runs_server
from tests.wire.sync import sync


def log(run: wandb.Run, values: range) -> None:
    for x in values:
        run.log({"x": x})


def post(server: WireServer, body: bytes, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection(server.url.removeprefix("http://"))
    connection.request("POST", "/graphql", body, headers)
    with connection.getresponse() as response:
        return response.status, json.loads(response.read())


def xs(run: WireRun) -> list[int]:
    return [row["x"] for row in run.rows]


def step_of(run: WireRun | OfflineRun, metric: str) -> str | None:
    """What a metric is drawn over; some versions of wandb write the pattern, some the name."""
    return next(step for name, step in run.metrics.items() if fnmatch(metric, name))


def test_rows_config_and_summary_arrive_by_value(
    wire_server: WireServer, start_run: StartRun
) -> None:
    run = start_run("values", config={"lr": 0.1, "net": {"layers": [1, 2]}})
    run.log({"acc": 1, "big": 2**60, "text": "é\n", "none": None, "deep": {"a": {"b": 2.5}}})
    run.log({"nan": math.nan, "inf": math.inf, "ninf": -math.inf, "list": [1, math.nan]})
    run.log({"acc": np.float32(0.5), 'a/"b".c': True, "word": "NaN"})
    run.config.update({"late": 3})
    run.summary["best"] = 7
    run.finish()
    seen = wire_server.runs["values"]
    rows = [{k: v for k, v in row.items() if k[0] != "_" or k == "_step"} for row in seen.rows]
    assert rows[0] == {
        "_step": 0,
        "acc": 1,
        "big": 2**60,
        "text": "é\n",
        "none": None,
        "deep": {"a": {"b": 2.5}},
    }
    assert math.isnan(rows[1]["nan"])
    assert math.isnan(rows[1]["list"][1])
    assert (rows[1]["inf"], rows[1]["ninf"]) == (math.inf, -math.inf)
    assert rows[2] == {"_step": 2, "acc": 0.5, 'a/"b".c': True, "word": "NaN"}
    assert seen.gaps == ()
    assert seen.config == {"lr": 0.1, "net": {"layers": [1, 2]}, "late": 3}
    assert seen.raw_config["lr"] == {"value": 0.1}
    assert (seen.summary["acc"], seen.summary["best"], seen.summary["inf"]) == (0.5, 7, math.inf)


def test_identity_metrics_and_exit_code(wire_server: WireServer, start_run: StartRun) -> None:
    run = start_run("who", name="n", group="g", job_type="j", notes="o", tags=["t"], entity="team")
    run.define_metric("epoch")
    run.define_metric("train/*", step_metric="epoch")
    run.define_metric("acc", step_metric="epoch", summary="max")
    run.log({"epoch": 1, "train/loss": 2, "acc": 3})
    wire_server.wait_for(lambda s: s.runs["who"].rows)
    assert wire_server.runs["who"].exit_code is None
    run.finish(exit_code=1)
    seen = wire_server.runs["who"]
    assert (seen.name, seen.group, seen.job_type, seen.notes) == ("n", "g", "j", "o")
    assert (seen.entity, seen.project, seen.run_id, seen.tags) == ("team", "p", "who", ("t",))
    assert (seen.exit_code, seen.complete, seen.starts) == (1, True, 1)
    assert {"epoch": None, "acc": "epoch"}.items() <= seen.metrics.items()
    assert step_of(seen, "train/loss") == "epoch"
    assert seen.summary["acc"] == {"max": 3}


def test_twenty_runs_at_once(wire_server: WireServer, start_run: StartRun) -> None:
    def one(number: int) -> None:
        run = start_run(f"run-{number}", config={"number": number})
        log(run, range(number, number + 50))
        run.finish(exit_code=number)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, range(20)))
    for number in range(20):
        seen = wire_server.runs[f"run-{number}"]
        assert xs(seen) == list(range(number, number + 50))
        assert (seen.config, seen.exit_code) == ({"number": number}, number)


def test_a_resumed_run_goes_on_where_it_was(wire_server: WireServer, start_run: StartRun) -> None:
    run = start_run("again", config={"a": 1}, resume="allow")
    log(run, range(3))
    run.finish(exit_code=1)
    run = start_run("again", config={"b": 2}, resume="allow")
    assert run.resumed
    assert run.config.as_dict() == {"a": 1, "b": 2}
    assert not wire_server.runs["again"].complete
    log(run, range(3, 5))
    run.finish()
    seen = wire_server.runs["again"]
    assert xs(seen) == [row["_step"] for row in seen.rows] == [0, 1, 2, 3, 4]
    assert (seen.config, seen.exit_code, seen.starts) == ({"a": 1, "b": 2}, 0, 2)
    with pytest.raises(wandb.errors.UsageError, match="already exists"):
        start_run("again", resume="never")
    # wandb 0.31, and 0.28.1.
    with pytest.raises(wandb.errors.UsageError, match=r"does not exist|has not been initialized"):
        start_run("unheard-of", resume="must")
    assert set(wire_server.runs) == {"again"}


@asks_the_runs_server
def test_images_arrive_as_files(wire_server: WireServer, start_run: StartRun) -> None:
    run = start_run("media")
    run.log({"image": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8))})
    run.finish()
    seen = wire_server.runs["media"]
    assert seen.files[seen.rows[0]["image"]["path"]].startswith(b"\x89PNG")
    assert set(seen.files) > {"config.yaml", "wandb-summary.json"}


def test_artifacts_have_versions_files_and_references(
    wire_server: WireServer, start_run: StartRun, tmp_path: Path
) -> None:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "sub" / "a.txt").write_bytes(b"first")
    run = start_run("maker")
    for text in ("one", "one", "two"):  # the second has nothing new
        (tmp_path / "data" / "b.txt").write_text(text)
        artifact = wandb.Artifact("model", "checkpoint", metadata={"acc": 0.5})
        artifact.add_dir(str(tmp_path / "data"))
        artifact.add_reference("http://127.0.0.1/far.bin", name="far", checksum=False)
        run.log_artifact(artifact, aliases=["latest", text]).wait()
    run.finish()
    first, second = wire_server.runs["maker"].artifacts
    assert (first.name, first.type, first.metadata) == ("model", "checkpoint", {"acc": 0.5})
    assert (first.version, first.aliases, first.committed) == ("v0", ("one",), True)
    assert (second.version, set(second.aliases)) == ("v1", {"latest", "two"})
    assert second.files == {"sub/a.txt": b"first", "b.txt": b"two"}
    assert second.references == {"far": "http://127.0.0.1/far.bin"}


def test_only_accepted_keys_get_in(wire_server: WireServer, start_run: StartRun) -> None:
    with pytest.raises(wandb.errors.CommError, match="not logged in"):
        start_run("no-entry", api_key="f" * 40)
    assert not wire_server.runs
    wire_server.accepted_keys = None
    start_run("entry", api_key="f" * 40).finish()
    assert wire_server.runs["entry"].complete
    api = wandb.Api(overrides={"base_url": wire_server.url}, api_key=wire_server.api_key)
    assert (api.viewer.entity, api.default_entity) == ("test-entity", "test-entity")
    assert not any(request.mentions("f" * 40) for request in wire_server.requests)
    assert any("ZmZm" in r.headers.get("Authorization", "") for r in wire_server.requests)


def test_an_offline_run_reads_as_its_sync(
    wire_server: WireServer, start_run: StartRun, tmp_path: Path
) -> None:
    run = start_run("off", mode="offline", name="n", group="g", config={"d": {"a": 1, "b": [2]}})
    run.define_metric("train/*", step_metric="epoch")
    run.define_metric("acc", summary="max,mean")
    for epoch in range(2000):  # several of the file's blocks
        run.log({"epoch": epoch, "train/loss": math.nan, "acc": -epoch, "deep": {"a": {"b": 1}}})
    run.log({"image": wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8)), "gone": 1, "late": None})
    run.config.update({"d": {"a": 5}}, allow_val_change=True)
    run.summary.update({"best": {"x": math.inf}, "gone": 2})
    del run.summary["gone"]
    run.finish(exit_code=3)
    (file,) = find_wandb_files(tmp_path)
    local = read_ended_wandb_file(file)
    sync(wire_server, file.parent)
    synced = wire_server.runs["off"]
    for name in ("rows", "summary", "config"):
        both = [json.dumps(getattr(run, name), sort_keys=True) for run in (local, synced)]
        assert both[0] == both[1], name
    assert len(local.rows) == 2001
    for metric in ("acc", "train/loss"):
        assert step_of(local, metric) == step_of(synced, metric)
    for name in ("run_id", "name", "group", "project", "exit_code"):
        assert getattr(local, name) == getattr(synced, name)
    assert set(local.files) < set(synced.files)
    assert "Skipped 1 synced run" in sync(wire_server, file.parent)
    assert len(wire_server.runs["off"].rows) == 2001
    file.write_bytes(file.read_bytes()[:-10])  # a killed process leaves such a file
    cut = read_wandb_file(file)
    assert (cut.exit_code, cut.truncated, len(cut.rows)) == (None, True, 2001)


@pytest.mark.parametrize(("counts", "rows"), [(True, [0, 1, 0, 1]), (False, [0, 1])])
def test_a_forced_second_sync_appends_what_the_server_counts(
    wire_server: WireServer, start_run: StartRun, tmp_path: Path, *, counts: bool, rows: list[int]
) -> None:
    wire_server.counts_on_upsert = counts
    run = start_run("twice", mode="offline")
    log(run, range(2))
    run.finish()
    (file,) = find_wandb_files(tmp_path)
    sync(wire_server, file.parent)
    sync(wire_server, "--no-skip-synced", file.parent)
    assert xs(wire_server.runs["twice"]) == rows
    assert wire_server.runs["twice"].starts == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500, "times": 1, "operation": "UpsertBucket"},
        {"status": 429, "times": 1, "operation": "UpsertBucket", "retry_after": 1},
        {"status": 502, "times": 2, "path_contains": "/file_stream"},
        {"status": 500, "times": 2, "operation": "file_stream", "after": True},
        {"status": 503, "times": 1, "operation": "upload"},
        {"status": 500, "probability": 0.4, "seed": 4},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_rows_survive_a_failing_server(
    wire_server: WireServer, start_run: StartRun, fault: dict[str, Any]
) -> None:
    handle = wire_server.faults.fail(**fault)
    wire_server.faults.latency = 0.01
    run = start_run("hard")
    log(run, range(50))
    run.finish()
    assert handle.hits >= fault.get("times", 1)
    seen = wire_server.runs["hard"]
    assert xs(seen) == list(range(50))
    assert seen.complete
    assert "config.yaml" in seen.files


def test_rows_survive_a_server_that_is_away_or_hangs(
    wire_server: WireServer, start_run: StartRun
) -> None:
    run = start_run("gap")
    log(run, range(5))
    wire_server.wait_for(lambda s: len(s.runs["gap"].rows) == 5)
    wire_server.stop()
    log(run, range(5, 10))
    wire_server.restart()
    wire_server.wait_for(lambda s: len(s.runs["gap"].rows) == 10)
    wire_server.faults.hang("/file_stream")
    log(run, range(10, 15))
    wire_server.wait_for(lambda s: s.faults.hanging)
    assert len(wire_server.runs["gap"].rows) == 10
    wire_server.faults.release()
    run.finish()
    assert xs(wire_server.runs["gap"]) == list(range(15))


def test_bodies_may_be_gzipped_or_chunked(wire_server: WireServer) -> None:
    wire_server.accepted_keys = None
    query = b'{"query": "query Viewer { viewer { id } }"}'
    assert post(wire_server, gzip.compress(query), **{"Content-Encoding": "gzip"})[0] == 200
    connection = HTTPConnection(wire_server.url.removeprefix("http://"))
    for _ in range(2):  # on one connection
        connection.request("POST", "/graphql", iter([query[:9], query[9:]]), encode_chunked=True)
        with connection.getresponse() as response:
            assert json.loads(response.read())["data"]["viewer"]["entity"] == "test-entity"
    assert {(r.operation, r.body) for r in wire_server.requests} == {("Viewer", query)}


def test_unknown_operations_and_malformed_answers() -> None:
    with WireServer() as server:
        server.accepted_keys = None
        status, answer = post(server, b'{"query": "query Nonsense { a }"}')
        assert (status, answer["data"]) == (200, None)
        assert "does not know the operation Nonsense" in answer["errors"][0]["message"]
        assert server.unknown_operations == ["Nonsense"]
        with pytest.raises(AssertionError, match="Nonsense"):
            server.assert_clean()
        handle = server.faults.malformed("CreateRunFiles")
        query = b'{"query": "", "operationName": "CreateRunFiles"}'
        assert post(server, query) == (200, {"data": {"createRunFiles": None}})
        handle.stop()
        assert post(server, query)[0] == 400
        with pytest.raises(TimeoutError, match=re.escape("unknown operations: ['Nonsense']")):
            server.wait_for(lambda s: s.runs["none"].complete, timeout=0)


def test_pages_name_what_they_show_escaped(wire_server: WireServer) -> None:
    connection = HTTPConnection(wire_server.url.removeprefix("http://"))
    connection.request("GET", "/team/%3Cb%3E/groups/g%201/workspace?jupyter=true")
    with connection.getresponse() as response:
        page = response.read().decode()
    assert "<h1>team / &lt;b&gt;</h1><p>groups / g 1 / workspace</p>" in page
