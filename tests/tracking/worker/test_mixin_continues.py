"""Trials that stop and go on, in other processes too, go on in their run."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune
from ray.tune.schedulers import PopulationBasedTraining

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file


@pytest.fixture(autouse=True)
def _logged_out() -> Any:
    yield
    tw.logout()


@tw.wandb_mixin
def remembering(config: dict[str, Any]) -> None:
    """Go on after the last checkpoint, and fail once where the config says so."""
    first = 0
    checkpoint = tune.get_checkpoint()
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            first = json.loads(Path(folder, "state").read_text()) + 1
    for i in range(first, 8):
        wandb.log({"logged": i})
        if i == config.get("fails_at") and checkpoint is None:
            raise RuntimeError("once")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "state").write_text(json.dumps(i))
            kept = tune.Checkpoint.from_directory(folder)
            tune.report({"score": i * config["lr"]}, checkpoint=kept)


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_a_retried_trial_goes_on_in_its_run(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path, online: bool
) -> None:
    where = {"host": wire_server.url, "api_key": wire_server.api_key} if online else {}
    logger = tw.WandbLogger(project="p", **where)
    results = run_search(
        remembering, {"lr": 1, "fails_at": 4}, logger=logger,
        failure_config=tune.FailureConfig(max_failures=1),
    )  # fmt: skip
    assert results.num_errors == 0
    expected = [*range(4), 4, *range(4, 8)]
    if online:
        (run,) = wire_server.runs.values()
        rows = run.rows
        assert (run.exit_code, run.starts, run.gaps) == (0, 2, ())
    else:
        parts = [read_ended_wandb_file(file) for file in find_wandb_files(tmp_path)]
        assert [part.exit_code for part in parts] == [1, 0]
        assert len({part.run_id for part in parts}) == 1
        rows = [row for part in parts for row in part.rows]
    assert [row["logged"] for row in rows if "logged" in row] == expected
    assert [row["score"] for row in rows if "score" in row] == list(range(8))
    steps = [row["_step"] for row in rows]
    assert steps == sorted(set(steps)), "no step comes twice, none goes back"
    (audit,) = logger.audit().itertuples()
    assert (audit.reported, audit.logged) == (8, 8)


@tw.wandb_mixin
def killed_once(config: dict[str, Any]) -> None:
    """Report, kill the own process, and do it all again."""
    for i in range(3):
        tune.report({"score": i})
    killed = Path(config["folder"], "killed")
    if not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_leaves_no_row_unaccounted_for(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path
) -> None:
    logger = tw.WandbLogger(project="p", host=wire_server.url, api_key=wire_server.api_key)
    results = run_search(
        killed_once, {"folder": str(tmp_path)}, logger=logger,
        failure_config=tune.FailureConfig(max_failures=1),
    )  # fmt: skip
    assert results.num_errors == 0
    (audit,) = logger.audit().itertuples()
    assert audit.reported >= 3
    assert audit.logged + audit.dropped == audit.reported
    assert audit.logged >= 3, "those of the second process"
    assert audit.dropped == 0 or "did not tell" in audit.note
    (run,) = wire_server.runs.values()
    assert [row["score"] for row in run.rows if "score" in row][-3:] == [0, 1, 2]


def test_a_trial_that_pbt_exploits_goes_on_in_its_run(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    scheduler = PopulationBasedTraining(
        time_attr="training_iteration", metric="score", mode="max", perturbation_interval=2,
        hyperparam_mutations={"lr": tune.uniform(1, 10)}, quantile_fraction=0.5, synch=True,
    )  # fmt: skip
    logger = tw.WandbLogger(project="p", host=wire_server.url, api_key=wire_server.api_key)
    results = run_search(
        remembering, {"lr": tune.grid_search([1, 2])}, logger=logger,
        tune_config={"scheduler": scheduler},
    )  # fmt: skip
    assert results.num_errors == 0
    assert len(wire_server.runs) == 2
    audit = logger.audit()
    assert list(audit["logged"]) == list(audit["reported"]), audit.to_string()
    exploited = [run for run in wire_server.runs.values() if "initial/lr" in run.config]
    assert exploited, "the one that was worse got the other's hyperparameters"
    for run in wire_server.runs.values():
        assert (run.exit_code, run.complete, run.gaps) == (0, True, ())
        reported = [row["training_iteration"] for row in run.rows if "score" in row]
        assert set(reported) == set(range(1, 9))
        counted = Counter(reported)
        assert sum(counted.values()) == audit.set_index("run_id").reported[run.run_id]


def test_a_restored_search_goes_on_in_its_runs(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path
) -> None:
    tw.login(wire_server.api_key)
    space = {"lr": 1, "fails_at": 3, "wandb": {"project": "p", "host": wire_server.url}}
    results = run_search(remembering, space)
    assert results.num_errors == 1
    (run,) = wire_server.runs.values()
    assert (run.exit_code, len(run.rows)) == (1, 4)
    tuner = tune.Tuner.restore(
        str(tmp_path / "ray" / "experiment"), remembering, resume_errored=True
    )
    assert tuner.fit().num_errors == 0
    (run,) = wire_server.runs.values()
    assert [row["logged"] for row in run.rows] == [0, 1, 2, 3, 3, 4, 5, 6, 7]
    assert (run.exit_code, run.starts, run.gaps) == (0, 2, ())
