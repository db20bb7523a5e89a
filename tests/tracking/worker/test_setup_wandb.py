"""`setup_wandb`, in Tune's functions and in the workers of Ray Train, both of its APIs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs, own_values
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.compat.ray_trial import TuneSession
from tune_wandb_nb.tracking.worker.setup_wandb import train_experiment, train_rank

KEY = "00ff" * 16


def test_it_takes_what_rays_takes_and_the_key_is_no_config(
    run_search: RunSearch, wire_server: WireServer, tmp_path: Path
) -> None:
    wire_server.accepted_keys = {KEY}

    def train(config: dict[str, Any]) -> None:
        key = "00ff" * 16
        run = tw.setup_wandb(
            {**config, "wandb": {"api_key": key}}, api_key=key, project="p", trial_name="mine",
            group="g", tags=["t"], host=config["host"], rank_zero_only=False,
        )  # fmt: skip
        for i in range(3):
            run.log({"logged": i})
            tune.report({"value": i})

    run_search(train, {"a": tune.grid_search([1, 2]), "host": wire_server.url})
    assert len(wire_server.runs) == 2
    for run in wire_server.runs.values():
        assert run.config["a"] in (1, 2)
        assert "wandb" not in run.config
        assert [own_values(row) for row in run.rows] == [{"logged": i} for i in range(3)]
        assert (run.name, run.group, run.tags, run.exit_code) == ("mine", "g", ("t",), 0)
    assert not any(request.mentions(KEY) for request in wire_server.requests)


def test_the_key_of_login_is_known_without_a_logger(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    def train(config: dict[str, Any]) -> None:
        tw.setup_wandb(project="p", host=config["host"]).log({"logged": 1})
        tune.report({"value": 1})

    tw.login(wire_server.api_key, host=wire_server.url)
    try:
        run_search(train, {"host": wire_server.url})
    finally:
        tw.logout()
    (run,) = wire_server.runs.values()
    assert [own_values(row) for row in run.rows] == [{"logged": 1}]


def test_a_logger_of_an_earlier_search_is_forgotten(run_search: RunSearch, tmp_path: Path) -> None:
    def train(config: dict[str, Any]) -> None:
        tw.setup_wandb(project="p", mode="offline", dir=config["dir"]).log({"logged": 1})
        tune.report({"value": 1})

    run_search(train, {"dir": str(tmp_path / "with")}, logger=tw.WandbLogger(project="p"))
    (run,) = offline_runs(tmp_path / "with").values()
    assert [own_values(row) for row in run.rows] == [{"logged": 1}, {"value": 1}]

    run_search(train, {"dir": str(tmp_path / "without")})
    (run,) = offline_runs(tmp_path / "without").values()
    assert [own_values(row) for row in run.rows] == [{"logged": 1}]


TRAIN = """
import os, ray, wandb
import ray.train
from ray import tune
from ray.train import RunConfig, ScalingConfig
if os.environ["RAY_TRAIN_V2_ENABLED"] == "1":
    from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer
else:
    from ray.train.data_parallel_trainer import DataParallelTrainer
import tune_wandb_nb as tw
from tests.joining import join_ray


def log(run):
    rank = ray.train.get_context().get_world_rank()
    for i in range(3):
        run.log({"logged": i, "rank": rank})
        ray.train.report({"value": i})

def entry(how):
    return {"wandb": {"project": "p", "mode": "offline", "dir": os.path.join(folder, how)}}

def calls(config):
    for how in ("call", "all"):
        run = tw.setup_wandb(entry(how), rank_zero_only=how != "all")
        log(run)
        run.finish()

@tw.wandb_mixin
def is_decorated(config):
    log(wandb)

def trial(config):
    function = {"calls": calls, "decorated": is_decorated}[config["how"]]
    trainer = DataParallelTrainer(
        function,
        train_loop_config=entry("decorated"),
        scaling_config=ScalingConfig(num_workers=2, resources_per_worker={"CPU": 0.2}),
        run_config=RunConfig(name=config["how"], storage_path=os.path.join(folder, "train")),
    )
    trainer.fit()
    tune.report({"value": 1})

# What Ray's workers need to hear as well.
variables = {"RAY_TRAIN_V2_ENABLED": os.environ["RAY_TRAIN_V2_ENABLED"]}
join_ray(runtime_env={"env_vars": variables})
folder = os.getcwd()
results = tune.Tuner(
    tune.with_resources(trial, {"cpu": 0.5}),
    param_space={"how": tune.grid_search(["calls", "decorated"])},
    tune_config=tune.TuneConfig(max_concurrent_trials=1, reuse_actors=True),
    run_config=tune.RunConfig(verbose=0, storage_path=os.path.join(folder, "tune")),
).fit()
assert results.num_errors == 0, results.errors
"""

RANKS = {"call": [0], "decorated": [0], "all": [0, 1]}
"""How a training is written -> the workers that log."""


@pytest.fixture(scope="module", params=["1", "0"], ids=["current API", "older API"])
def trained(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    ray_environ: dict[str, str],
) -> Path:
    """The folder of trials that have each run a training, one after the other in one Ray."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "training.py").write_text(TRAIN)
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")} | {
        **ray_environ,
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "RAY_TRAIN_V2_ENABLED": request.param,
        "RAY_AIR_NEW_OUTPUT": "0",
    }
    done = subprocess.run(
        [sys.executable, "training.py"], cwd=folder, env=env, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return folder


@pytest.mark.parametrize("how", RANKS)
def test_of_ray_trains_workers_only_rank_zero_logs(trained: Path, how: str) -> None:
    files = find_wandb_files(trained / how)
    runs = [read_ended_wandb_file(file) for file in files]
    assert "None" not in {run.run_id for run in runs}
    assert sorted(row["rank"] for run in runs for row in run.rows[:1]) == RANKS[how]
    for run in runs:
        assert [row["logged"] for row in run.rows] == [0, 1, 2]
        assert len({row["rank"] for row in run.rows}) == 1


def test_outside_of_a_training_there_is_rank_zero_and_no_name() -> None:
    assert (train_rank(), train_experiment()) == (0, None)


def test_the_context_of_the_current_api_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(get_world_rank=lambda: 3, get_experiment_name=lambda: "training")
    monkeypatch.setattr("tune_wandb_nb.tracking.worker.setup_wandb.train_context", lambda: context)
    monkeypatch.setattr(
        "tune_wandb_nb.tracking.worker.setup_wandb.tune_session", lambda: TuneSession(rank=1)
    )
    assert (train_rank(), train_experiment()) == (3, "training")


def test_the_older_apis_session_has_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    session = TuneSession(experiment="older", rank=2)
    monkeypatch.setattr("tune_wandb_nb.tracking.worker.setup_wandb.train_context", lambda: None)
    monkeypatch.setattr("tune_wandb_nb.tracking.worker.setup_wandb.tune_session", lambda: session)
    assert (train_rank(), train_experiment()) == (2, None)
