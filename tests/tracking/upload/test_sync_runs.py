"""`sync_runs`: what was recorded offline is in W&B afterwards, each row once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tune_wandb_nb as tw
from tests.tracking.upload.tables import Sync, states, steps
from tests.wire import WireServer
from tests.wire.fixtures import StartRun
from tune_wandb_nb.tracking.auth.graphql import AccountError


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


def test_only_the_runs_of_a_group(
    sync: Sync, start_run: StartRun, wire_server: WireServer, wandb_home: Path
) -> None:
    for number, group in enumerate(["mine", "mine", "theirs", None]):
        start_run(f"run{number}", mode="offline", group=group).finish()
    (wandb_home / "wandb" / "offline-run-20260101_120000-broken").mkdir()
    (wandb_home / "wandb/offline-run-20260101_120000-broken/run-broken.wandb").write_bytes(b"no")
    assert states(sync(group="mine")) == {"run0": "synced", "run1": "synced"}
    assert set(wire_server.runs) == {"run0", "run1"}
    assert len(sync(group="nobody's")) == 0
