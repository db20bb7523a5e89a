"""The recipe of docs/train.md: a function of Tune's starts Ray Train; the first worker reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray.train
from ray import tune

from tests.searches import RunSearch, offline_runs, own_values
from tune_wandb_nb import WandbLogger
from tune_wandb_nb.compat.ray_trial import has_train_v2

integration = pytest.importorskip("ray.tune.integration.ray_train", reason="Ray Train V2 is newer")
trainers = pytest.importorskip("ray.train.v2.api.data_parallel_trainer")
pytestmark = pytest.mark.skipif(not has_train_v2(), reason="Ray Train V2 is switched off")


def loop(config: dict[str, Any]) -> None:
    rank = ray.train.get_context().get_world_rank()
    for i in range(3):
        ray.train.report({"loss": config["lr"] * i, "rank": rank})


def search_fn(config: dict[str, Any]) -> None:
    trainer = trainers.DataParallelTrainer(
        loop,
        train_loop_config=config,
        scaling_config=ray.train.ScalingConfig(num_workers=2, resources_per_worker={"CPU": 0.5}),
        run_config=ray.train.RunConfig(
            name=f"train-{tune.get_context().get_trial_id()}",
            storage_path=config["folder"],
            callbacks=[integration.TuneReportCallback()],
        ),
    )
    trainer.fit()


def test_the_first_workers_reports_are_the_rows_of_the_trials_run(
    run_search: RunSearch, tmp_path: Path
) -> None:
    space = {"lr": tune.grid_search([1, 2]), "folder": str(tmp_path / "train")}
    logger = WandbLogger(project="p", mode="offline")
    one_by_one = {"max_concurrent_trials": 1}
    results = run_search(search_fn, space, logger=logger, tune_config=one_by_one)
    assert not results.errors
    runs = offline_runs(tmp_path)
    assert set(runs) == {result.metrics["trial_id"] for result in results}
    for run in runs.values():
        lr = run.config["lr"]
        expected = [{"loss": lr * i, "rank": 0} for i in range(3)]
        assert [own_values(row) for row in run.rows] == expected
