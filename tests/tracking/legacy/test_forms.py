"""The forms of every older Ray run as they stand while ``legacy`` is enabled."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import ray.air
import ray.train
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs
from tune_wandb_nb.tracking.legacy.names import STAND_INS


@pytest.fixture(autouse=True)
def enabled(run_search: RunSearch) -> Iterator[None]:
    """The older forms, and a Ray."""
    tw.legacy.enable(quiet=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    tw.legacy.disable()


def run_classic(trainable: Any, tmp_path: Path, **arguments: Any) -> Any:
    given = {"config": {"a": 2}, "verbose": 0, "local_dir": str(tmp_path / "ray"), **arguments}
    return tune.run(trainable, **given)


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda stand_in: stand_in.name)
def test_a_module_of_an_older_ray_has_its_names_or_says_what_to_write(stand_in: Any) -> None:
    module = import_module(stand_in.name)
    for name in stand_in.names:
        assert getattr(module, name) is not None
    for name in stand_in.gone:
        with pytest.raises(ImportError, match=r"no longer in Ray.*cannot bring it back; "):
            getattr(module, "Anything" if name == "*" else name)
    error = (AttributeError, ImportError)  # Some import a library that is not installed.
    with pytest.raises(error, match=r"no_such_name|no longer in Ray|No module named"):
        module.no_such_name  # noqa: B018 - the access is what is tested


@pytest.mark.skipif(hasattr(tune.logger, "Logger"), reason="this Ray has the names")
def test_names_of_ray_that_are_gone_say_what_to_write() -> None:
    with pytest.raises(ImportError, match=r"ray.tune.logger.Logger .*LoggerCallback"):
        from ray.tune.logger import Logger  # type: ignore[attr-defined]  # noqa: F401
    with pytest.raises(ImportError, match=r"ray.tune.track .* tune.report\(loss=loss\)"):
        from ray.tune import track  # type: ignore[attr-defined]  # noqa: F401


def test_rays_own_integration_is_ours_and_keeps_its_other_names() -> None:
    from ray.air.integrations import wandb
    from ray.tune.logger.wandb import WandbLoggerCallback  # type: ignore[import-not-found]

    assert wandb.WandbLoggerCallback is WandbLoggerCallback is tw.WandbLogger
    assert wandb.setup_wandb is tw.setup_wandb
    assert wandb.WANDB_ENV_VAR == "WANDB_API_KEY"
    with pytest.raises(ImportError, match="Other"):
        from ray.tune.logger.wandb import Other  # noqa: F401
    assert tw.WandbLogger.__module__ == "tune_wandb_nb", "it would be pickled under a private path"


def with_checkpoints(config: dict[str, Any], checkpoint_dir: str | None = None) -> None:
    start = 0
    if checkpoint_dir:
        start = 1 + int(Path(checkpoint_dir, "step").read_text())
    assert tune.get_trial_id() in tune.get_trial_name()  # type: ignore[attr-defined]
    assert tune.get_trial_id() in tune.get_trial_dir()  # type: ignore[attr-defined]
    for i in range(start, 4):
        tune.report(loss=config["a"] * i, start=start)  # type: ignore[call-arg]
        with tune.checkpoint_dir(step=i) as folder:  # type: ignore[attr-defined]
            Path(folder, "step").write_text(str(i))
        if i == 1 and not start:
            raise RuntimeError("once")


@pytest.mark.parametrize("form", ["plain", "partial", "parameters"])
def test_a_function_with_checkpoint_dir_saves_and_goes_on(tmp_path: Path, form: str) -> None:
    function: Any = with_checkpoints
    if form == "partial":
        function = functools.partial(with_checkpoints)
    if form == "parameters":
        function = tune.with_parameters(with_checkpoints)
    analysis = run_classic(function, tmp_path, max_failures=1, keep_checkpoints_num=2)
    (trial,) = analysis.trials
    # The checkpoint after the first report came with the second, which then failed.
    assert trial.last_result["start"] == 1
    assert trial.last_result["loss"] == 6
    checkpoint = Path(trial.checkpoint.value)
    assert (checkpoint / "step").read_text() == "2", "the one before the last report"
    assert Path(os.path.join(trial.checkpoint, "step")).read_text() == "2"  # noqa: PTH118 - as users do
    assert trial.logdir
    assert analysis.get_best_logdir("loss", "max") == trial.logdir


def with_reporter(config: dict[str, Any], reporter: Any) -> None:
    reporter(loss=config["a"])


def test_positional_arguments_and_those_without_effect(tmp_path: Path) -> None:
    analysis = tune.run(  # type: ignore[misc]
        with_reporter, "named", "loss", "min", {"training_iteration": 1}, None, {"a": 5},
        {"cpu": 1}, 2, str(tmp_path / "ray"), queue_trials=False, verbose=0,
        checkpoint_score_attr="min-loss",
    )  # fmt: skip
    assert [trial.last_result["loss"] for trial in analysis.trials] == [5, 5]
    assert Path(analysis.experiment_path) == tmp_path / "ray/named"
    assert Path(analysis.best_logdir)


class SavesAFile(tune.Trainable):
    def setup(self, config: dict[str, Any]) -> None:
        self.steps = 0

    def step(self) -> dict[str, Any]:
        self.steps += 1
        if self.steps == 2 and not self._restored:
            raise RuntimeError("once")
        return {"steps": self.steps, "done": self.steps == 3}

    def save_checkpoint(self, checkpoint_dir: str) -> str:
        path = os.path.join(checkpoint_dir, "model")  # noqa: PTH118 - as users do
        Path(path).write_text(str(self.steps))
        return path

    def load_checkpoint(self, checkpoint: Any) -> None:
        self.steps = int(Path(checkpoint).read_text())


class SavesNothing(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {"done": True}


def test_classes_save_a_file_or_nothing(tmp_path: Path) -> None:
    analysis = run_classic(SavesAFile, tmp_path, checkpoint_freq=1, max_failures=1)
    assert analysis.trials[0].last_result["steps"] == 3
    results = tune.Tuner(
        SavesNothing, run_config=tune.RunConfig(storage_path=str(tmp_path / "2"), verbose=0)
    ).fit()
    assert results.num_errors == 0


def of_air(config: dict[str, Any]) -> None:
    from ray.air import Checkpoint, session  # type: ignore[attr-defined]

    before = session.get_checkpoint()
    start = before.to_dict()["i"] + 1 if before else 0
    for i in range(start, 3):
        checkpoint = Checkpoint.from_dict({"i": i})
        session.report({"i": i, "rank": session.get_trial_id()}, checkpoint=checkpoint)
        if i == 1 and not start:
            raise RuntimeError("once")


def test_sessions_configs_and_checkpoints_of_air(tmp_path: Path) -> None:
    run_config = ray.air.RunConfig(
        local_dir=str(tmp_path / "air"),
        verbose=0,
        failure_config=ray.air.FailureConfig(max_failures=1),
        sync_config=tune.SyncConfig(upload_dir=None),  # type: ignore[call-arg]
    )
    results = tune.Tuner(of_air, run_config=run_config).fit()
    (result,) = results
    assert (result.error, result.metrics["i"]) == (None, 2)
    assert result.checkpoint.to_dict() == {"i": 2}
    assert result.checkpoint.uri == f"file://{result.checkpoint.path}"
    assert Path(result.path).is_relative_to(tmp_path / "air")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"was not made of a dictionary: it has the files \[\]"):
        ray.train.Checkpoint(str(tmp_path / "empty")).to_dict()  # type: ignore[attr-defined]


def of_train(config: dict[str, Any]) -> None:
    assert ray.train.get_checkpoint() is None
    i = 0
    while True:
        i += 1
        ray.train.report({"i": i, "name": ray.train.get_context().get_trial_name()})


def test_train_report_and_train_configs_in_a_search(tmp_path: Path) -> None:
    run_config: Any = ray.train.RunConfig(
        storage_path=str(tmp_path / "train"),
        stop={"training_iteration": 2},  # type: ignore[arg-type]
        verbose=0,  # type: ignore[arg-type]
        callbacks=[tw.WandbLogger(project="p", mode="offline", dir=str(tmp_path))],  # type: ignore[list-item]
        checkpoint_config=ray.train.CheckpointConfig(num_to_keep=1, checkpoint_at_end=False),
        failure_config=ray.train.FailureConfig(max_failures=1, fail_fast=False),
        log_to_file=False,  # type: ignore[arg-type]
    )
    (result,) = tune.Tuner(of_train, run_config=run_config).fit()
    assert (result.error, result.metrics["i"]) == (None, 2)
    assert result.metrics["name"].startswith("of_train")
    (run,) = offline_runs(tmp_path).values()
    assert (len(run.rows), run.group) == (2, Path(result.path).parent.name)


def loop(config: dict[str, Any]) -> None:
    from ray.air import session

    for i in range(3):
        session.report({"loss": config["lr"] * i, "size": session.get_world_size()})


def test_a_trainer_given_to_a_tuner(tmp_path: Path) -> None:
    from ray.train.data_parallel_trainer import DataParallelTrainer

    trainer = DataParallelTrainer(
        loop,
        train_loop_config={"lr": 1, "other": 2},
        scaling_config=ray.train.ScalingConfig(num_workers=1, trainer_resources={"CPU": 0}),
    )
    results = tune.Tuner(
        trainer,
        param_space={"train_loop_config": {"lr": tune.grid_search([1, 2])}},
        run_config=ray.train.RunConfig(
            storage_path=str(tmp_path / "train"),
            stop={"training_iteration": 2},  # type: ignore[arg-type]
            verbose=0,  # type: ignore[arg-type]
            callbacks=[tw.WandbLogger(project="p", mode="offline", dir=str(tmp_path))],  # type: ignore[list-item]
        ),
    ).fit()
    assert not results.errors
    assert [result.metrics["loss"] for result in results] == [1, 2]
    assert [result.metrics["size"] for result in results] == [1, 1]
    runs = offline_runs(tmp_path).values()
    assert [len(run.rows) for run in runs] == [2, 2]
