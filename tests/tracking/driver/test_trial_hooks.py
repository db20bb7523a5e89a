"""All that people do with Ray's callback: its hooks, its arguments, rows of their own."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from ray.air.integrations import wandb as rays

from tests.searches import RunSearch, offline_runs, own_values
from tune_wandb_nb import WandbLogger


def train_fn(config: dict[str, Any]) -> None:
    print("printed by the trial", config["a"])
    for i in range(2):
        tune.report({"value": config["a"] * i})


def test_the_arguments_are_rays_in_rays_order() -> None:
    of_ray = list(inspect.signature(rays.WandbLoggerCallback.__init__).parameters)[:-1]
    ours = list(inspect.signature(WandbLogger.__init__).parameters)
    assert ours[: len(of_ray)] == of_ray


class Custom(WandbLogger):
    """Overrides every hook that Ray's callback has."""

    heard: tuple[str, ...] = ()

    def log_trial_start(self, trial: Any) -> None:
        self.heard += ("start",)
        trial.config["added"] = 7
        super().log_trial_start(trial)

    def log_trial_restore(self, trial: Any) -> None:
        self.heard += ("restore",)
        super().log_trial_restore(trial)

    def log_trial_result(self, iteration: int, trial: Any, result: dict[str, Any]) -> None:
        self.heard += ("result",)
        result["twice"] = 2 * result["value"]
        super().log_trial_result(iteration, trial, result)

    def log_trial_save(self, trial: Any) -> None:
        self.heard += ("save",)
        super().log_trial_save(trial)

    def log_trial_end(self, trial: Any, failed: bool = False) -> None:
        self.heard += ("end",)
        super().log_trial_end(trial, failed=failed)


def save_and_fail_once(config: dict[str, Any]) -> None:
    restored = tune.get_checkpoint()
    for i in range(2 if restored else 1):
        folder = Path(config["folder"], str(i))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "weights").touch()
        tune.report({"value": i}, checkpoint=tune.Checkpoint.from_directory(folder))
    if not restored:
        raise RuntimeError("once")


def test_every_hook_of_a_subclass_is_heard(run_search: RunSearch, tmp_path: Path) -> None:
    logger = Custom(project="p", mode="offline")
    space = {"folder": str(tmp_path / "made")}
    failing = tune.FailureConfig(max_failures=1)
    run_search(save_and_fail_once, space, logger=logger, failure_config=failing)
    heard = ("start", "result", "save", "start", "restore", "result", "save", "result", "save")
    assert logger.heard == (*heard, "end")
    (run,) = offline_runs(tmp_path).values()
    assert run.config["added"] == 7
    assert [row["twice"] for row in run.rows] == [0, 0, 2]


class Adding(tune.Callback):
    """Logs rows of its own from the driver."""

    def __init__(self, logger: WandbLogger) -> None:
        self.logger = logger

    def on_trial_result(
        self, iteration: int, trials: Any, trial: Any, result: Any, **_: Any
    ) -> None:
        image = np.zeros((4, 4, 3), np.uint8)
        self.logger.log(trial, {"gap": 0.5, "image": image, "nested": {"x": 1}, "text": "t"})
        self.logger.log(trial.trial_id, {"late": 1}, step=9)

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        with pytest.raises(ValueError, match=r"no trial 'none' has started; those that have: "):
            self.logger.log("none", {})

    def __reduce__(self) -> Any:
        return (tune.Callback, ())


def test_rows_from_the_driver_are_in_the_trials_run(run_search: RunSearch, tmp_path: Path) -> None:
    logger = WandbLogger(project="p", mode="offline")
    results = run_search(train_fn, {"a": 3}, callbacks=[logger, Adding(logger)])
    (run,) = offline_runs(tmp_path).values()
    reported = [row for row in run.rows if "value" in row]
    added = [row for row in run.rows if "gap" in row]
    assert [own_values(row) for row in reported] == [{"value": 0}, {"value": 3}]
    assert [(row["training_iteration"], row["nested/x"]) for row in added] == [(1, 1), (2, 1)]
    assert added[0]["image"]["_type"] == "image-file"
    assert [row["training_iteration"] for row in run.rows if "late" in row] == [9, 9]
    assert run.summary["text"] == "t"
    audit = logger.audit()
    assert (audit["reported"].item(), audit["logged"].item(), audit["dropped"].item()) == (2, 2, 0)
    assert logger.run_of(results[0].metrics["trial_id"]) is None, "it is closed"


def test_names_are_functions_of_the_trial_and_folders_in_the_config(
    run_search: RunSearch, tmp_path: Path
) -> None:
    logger = WandbLogger(
        project="p",
        mode="offline",
        group=lambda trial: f"a={trial.config['a']}",
        name=lambda trial: f"seed-{trial.config['seed']}",
        tags=lambda trial: [f"id-{trial.trial_id}"],
        job_type=lambda trial: "train",
        log_output=True,
    )
    space = {"a": 3, "seed": tune.grid_search([1, 2])}
    results = run_search(train_fn, space, logger=logger, log_to_file=True)
    runs = offline_runs(tmp_path)
    assert {run.group for run in runs.values()} == {"a=3"}
    assert sorted(run.name for run in runs.values()) == ["seed-1", "seed-2"]
    for trial_id, run in runs.items():
        assert run.tags == (f"id-{trial_id}",)
        assert Path(run.config["trial_log_path"]).name in {Path(r.path).name for r in results}
        assert run.config["trial_path"] in {result.path for result in results}
    (kept, *_) = tmp_path.rglob("files/stdout")
    assert "printed by the trial 3" in kept.read_text()


def test_a_function_that_fails_says_which(run_search: RunSearch) -> None:
    logger = WandbLogger(project="p", mode="offline", group=lambda trial: trial.nothing)
    with pytest.raises(Exception, match=r"group=.* failed for .* it must be a function of the tri"):
        run_search(train_fn, {"a": 1}, logger=logger)


def test_an_entry_may_be_sampled_or_be_no_settings(
    run_search: RunSearch, tmp_path: Path, capsys: Any
) -> None:
    space = {
        "a": tune.grid_search([1, 2]),
        "wandb": {"group": tune.sample_from(lambda spec: f"a={spec.config.a}"), "api_key": ""},
    }
    run_search(train_fn, space, logger=WandbLogger(project="p", mode="offline"), name="first")
    groups = {run.group for run in offline_runs(tmp_path).values()}
    assert groups == {"a=1", "a=2"}
    capsys.readouterr()
    space = {"a": tune.grid_search([1, 2]), "wandb": {"enabled": True, "api_key": "0123" * 10}}
    run_search(train_fn, space, logger=WandbLogger(project="q", mode="offline"), name="second")
    said = capsys.readouterr().out
    assert said.count("the config's 'wandb' entry is no settings, for it has 'enabled'") == 1
    runs = [run for run in offline_runs(tmp_path).values() if run.project == "q"]
    assert [run.config["wandb"] for run in runs] == [{"enabled": True}] * 2, "and no key"


class Resolving(tune.Trainable):
    """Adds to its config, as RLlib does."""

    def setup(self, config: dict[str, Any]) -> None:
        self.config.update({"gamma": 0.9, "nested": {"x": 1, "secret": 2}})

    def step(self) -> dict[str, Any]:
        return {"value": 1, "done": self.iteration == 1}

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        return {}


def test_what_a_trainable_adds_to_its_config_is_in_the_runs(
    run_search: RunSearch, tmp_path: Path
) -> None:
    logger = WandbLogger(project="p", mode="offline", excludes=["nested/secret"])
    run_search(Resolving, {"a": 1}, logger=logger)
    (run,) = offline_runs(tmp_path).values()
    assert (run.config["a"], run.config["gamma"], run.config["nested"]) == (1, 0.9, {"x": 1})


def test_an_old_name_warns(recwarn: pytest.WarningsRecorder) -> None:
    WandbLogger(project="p", save_checkpoints=True)
    assert "save_checkpoints is upload_checkpoints by now" in str(
        recwarn.pop(FutureWarning).message
    )
