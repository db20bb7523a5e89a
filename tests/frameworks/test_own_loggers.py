"""The framework's own W&B logger in a trial, with the mixin and without: which runs there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.frameworks.test_recipes import values
from tests.searches import RunSearch, offline_runs

WANDB = {"project": "p", "mode": "offline"}


def lightning_fn(config: dict[str, Any]) -> None:
    import lightning
    import torch
    from lightning.pytorch.demos.boring_classes import BoringModel
    from lightning.pytorch.loggers import WandbLogger

    class Model(BoringModel):
        def on_train_epoch_end(self) -> None:
            torch.manual_seed(0)
            self.log("seen", float(self.current_epoch))

    trainer = lightning.Trainer(
        max_epochs=3,
        limit_train_batches=1,
        limit_val_batches=0,
        accelerator="cpu",
        logger=WandbLogger(project="own", save_dir=config["folder"]),
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    trainer.fit(Model())
    tune.report({"x": config["x"]})
    import wandb

    if not config["wandb_is_ours"]:
        wandb.finish()


def transformers_fn(config: dict[str, Any]) -> None:
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    tiny = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 8}
    rows = [{"input_ids": [i, i + 1], "labels": i % 2} for i in range(8)]
    arguments = TrainingArguments(
        "out", num_train_epochs=3, logging_strategy="epoch", report_to="wandb", save_strategy="no"
    )
    model = BertForSequenceClassification(BertConfig(vocab_size=16, num_hidden_layers=1, **tiny))
    Trainer(model=model, args=arguments, train_dataset=rows).train()
    tune.report({"x": config["x"]})
    import wandb

    if not config["wandb_is_ours"]:
        wandb.finish()


def xgboost_fn(config: dict[str, Any]) -> None:
    import numpy as np
    import xgboost
    from wandb.integration.xgboost import WandbCallback

    if config["wandb_is_ours"] == "setup":
        tw.setup_wandb(config, **WANDB)
    x = np.linspace(0, 1, 32).reshape(-1, 1)
    data = xgboost.DMatrix(x, 2 * x)
    settings = {"eval_metric": "rmse", "nthread": 1}
    xgboost.train(settings, data, 3, evals=[(data, "valid")], callbacks=[WandbCallback()])
    tune.report({"x": config["x"]})


def lightgbm_fn(config: dict[str, Any]) -> None:
    import lightgbm
    import numpy as np
    from wandb.integration.lightgbm import wandb_callback

    if config["wandb_is_ours"] == "setup":
        tw.setup_wandb(config, **WANDB)
    x = np.linspace(0, 1, 32).reshape(-1, 1)
    data = lightgbm.Dataset(x, 2 * x[:, 0])
    settings = {"objective": "regression", "metric": "l2", "min_data_in_leaf": 2, "verbose": -1}
    lightgbm.train(settings, data, 3, [data], ["valid"], callbacks=[wandb_callback()])
    tune.report({"x": config["x"]})


LOGGED = {
    lightning_fn: "seen",
    transformers_fn: "train/loss",
    xgboost_fn: "valid-rmse",
    lightgbm_fn: "valid_l2",
}
FUNCTIONS = pytest.mark.parametrize("function", LOGGED, ids=lambda f: f.__name__)


def space_of(tmp_path: Path, **more: Any) -> dict[str, Any]:
    return {"x": tune.grid_search([1, 2]), "folder": str(tmp_path), "wandb_is_ours": True, **more}


@FUNCTIONS
@pytest.mark.parametrize("has_logger", [False, True], ids=["mixin", "mixin-and-logger"])
def test_with_the_mixin_there_is_one_run_a_trial(
    run_search: RunSearch, tmp_path: Path, function: Any, has_logger: bool
) -> None:
    logger = tw.WandbLogger(**WANDB) if has_logger else None
    space = space_of(tmp_path, wandb=WANDB)
    results = run_search(tw.wandb_mixin(function), space, logger=logger)
    assert not results.errors
    runs = offline_runs(tmp_path)
    assert set(runs) == {result.metrics["trial_id"] for result in results}
    for run in runs.values():
        assert len(values(run, LOGGED[function])) == 3
        assert values(run, "x") == ([run.config["x"]] if has_logger else [])
        assert (run.project, run.exit_code) == ("p", 0)


@pytest.mark.parametrize("function", [xgboost_fn, lightgbm_fn], ids=lambda f: f.__name__)
def test_with_setup_wandb_there_is_one_run_a_trial(
    run_search: RunSearch, tmp_path: Path, function: Any
) -> None:
    space = space_of(tmp_path, wandb_is_ours="setup")
    results = run_search(function, space, logger=tw.WandbLogger(**WANDB))
    assert not results.errors
    runs = offline_runs(tmp_path)
    assert set(runs) == {result.metrics["trial_id"] for result in results}
    for run in runs.values():
        assert len(values(run, LOGGED[function])) == 3
        assert values(run, "x") == [run.config["x"]]


@pytest.mark.parametrize("function", [lightning_fn, transformers_fn], ids=lambda f: f.__name__)
def test_without_the_mixin_the_frameworks_run_is_beside_the_trials(
    run_search: RunSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: Any
) -> None:
    def own(config: dict[str, Any]) -> None:
        import os

        os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": config["folder"]}
        function(config)

    space = space_of(tmp_path, wandb_is_ours=False)
    results = run_search(own, space, logger=tw.WandbLogger(**WANDB))
    assert not results.errors
    runs = offline_runs(tmp_path)
    trials = {result.metrics["trial_id"] for result in results}
    assert trials < set(runs)
    assert len(runs) == 4
    for run_id, run in runs.items():
        is_trials = run_id in trials
        assert len(values(run, LOGGED[function])) == (0 if is_trials else 3)
        assert len(values(run, "x")) == (1 if is_trials else 0)
