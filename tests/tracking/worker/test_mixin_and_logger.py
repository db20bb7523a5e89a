"""Mixin and logger on one search: one run a trial, with the rows of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests import decorated
from tests.searches import RunSearch, offline_runs, own_values
from tests.wire import WireServer
from tests.wire.sync import sync


def both() -> Any:
    @tw.wandb_mixin
    def train(config: dict[str, Any]) -> None:
        for i in range(5):
            wandb.log({"loss": config["a"] - i})
            tune.report({"loss": config["a"] * i, "text": f"epoch {i}"})

    return train


def with_steps() -> Any:
    @tw.wandb_mixin
    def train(config: dict[str, Any]) -> None:
        for i in range(5):
            wandb.log({"loss": config["a"] * i}, step=10 * i)
            tune.report({"loss": config["a"] * i, "accuracy": i})
            wandb.log({"late": i}, step=10 * i)

    return train


def calling_setup() -> Any:
    def train(config: dict[str, Any]) -> None:
        run = tw.setup_wandb(config)
        for i in range(5):
            run.log({"loss": config["a"] - i})
            tune.report({"loss": config["a"] * i, "text": f"epoch {i}"})

    return train


SPACE = {"a": tune.grid_search([1, 2, 3])}


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
@pytest.mark.parametrize("make", [both, calling_setup])
def test_a_run_holds_the_rows_of_both(
    run_search: RunSearch, tmp_path: Path, wire_server: WireServer, make: Any, online: bool
) -> None:
    key = {"host": wire_server.url, "api_key": wire_server.api_key} if online else {}
    logger = tw.WandbLogger(project="p", best={"loss": "min"}, **key)
    results = run_search(make(), SPACE, logger=logger)
    assert results.num_errors == 0, results.errors
    audit = logger.audit()
    assert list(audit["reported"]) == list(audit["logged"]) == [5, 5, 5], audit.to_string()
    assert set(audit["state"]) == {"finished"}
    assert list(audit["note"]) == [""] * 3
    if not online:
        assert len(offline_runs(tmp_path)) == 3
        sync(wire_server, *audit["path"])
    assert set(wire_server.runs) == set(audit["trial_id"])
    for run in wire_server.runs.values():
        a = run.config["a"]
        rows = [own_values(row) for row in run.rows]
        assert rows == [{"loss": value} for i in range(5) for value in (a - i, a * i)]
        iterations = [row.get("training_iteration") for row in run.rows]
        assert iterations == [n for i in range(5) for n in (None, i + 1)]
        assert (run.gaps, run.complete, run.exit_code) == ((), True, 0)
        assert run.summary["text"] == "epoch 4"
        assert run.summary["best/loss"] == 0
        assert run.summary["tune/status"] == "completed"
        assert {"pid", "node_ip", "trial_id"} <= run.config.keys()
    if online:
        assert logger.mode == "online"
        assert logger.group_url == f"{wire_server.url}/test-entity/p/groups/experiment/workspace"
        assert list(audit["url"]) == [f"{logger.project_url}/runs/{i}" for i in audit["run_id"]]


def test_a_reported_row_joins_the_step_that_the_user_has_begun(
    run_search: RunSearch, tmp_path: Path
) -> None:
    logger = tw.WandbLogger(project="p")
    run_search(with_steps(), SPACE, logger=logger)
    for run in offline_runs(tmp_path).values():
        a = run.config["a"]
        assert [row["_step"] for row in run.rows] == [0, 10, 20, 30, 40]
        assert [own_values(row) for row in run.rows] == [
            {"loss": a * i, "accuracy": i, "late": i} for i in range(5)
        ]


def test_classes_hold_the_rows_of_both(run_search: RunSearch, tmp_path: Path) -> None:
    logger = tw.WandbLogger(project="p", excludes=["time_*"])
    run_search(decorated.Inherited, SPACE, logger=logger)
    audit = logger.audit()
    assert list(audit["logged"]) == [3, 3, 3], audit.to_string()
    for run in offline_runs(tmp_path).values():
        a = run.config["a"]
        rows = [own_values(row) for row in run.rows]
        assert rows == [row for i in range(3) for row in ({"logged": a * i}, {"reported": a * i})]
        assert "time_total_s" not in run.rows[1]
        assert run.summary["tune/status"] == "completed"
