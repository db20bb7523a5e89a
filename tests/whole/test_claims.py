"""Who writes a trial's run: the driver, until the trial's process claims the run; never both."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, own_values
from tests.wire import OfflineRun, WireServer, find_wandb_files, read_ended_wandb_file

ROWS = 4
SPACE = {"a": tune.grid_search([1, 2])}


class Trainer:
    """Opens the run where no look at the trainable would find it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.run = tw.setup_wandb(config)


def report(config: dict[str, Any], i: int) -> None:
    tune.report({"loss": config["a"] * 10 + i})


def at_once(config: dict[str, Any]) -> None:
    trainer = Trainer(config)
    for i in range(ROWS):
        trainer.run.log({"own": i})
        report(config, i)


def after_two_results(config: dict[str, Any]) -> None:
    for i in range(2):
        report(config, i)
    trainer = Trainer(config)
    for i in range(2, ROWS):
        trainer.run.log({"own": i})
        report(config, i)


@tw.wandb_mixin
def decorated(config: dict[str, Any], rows: int) -> None:
    for i in range(rows):
        wandb.log({"own": i})
        report(config, i)


class InSetup(tune.Trainable):
    """A class without the mixin."""

    def setup(self, config: dict[str, Any]) -> None:
        self.config = config
        self.trainer = Trainer(config)

    def step(self) -> dict[str, Any]:
        i = self.iteration
        self.trainer.run.log({"own": i})
        return {"loss": self.config["a"] * 10 + i, "done": i + 1 == ROWS}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Tune saves a class's trial at its end."""


def setup_wandb(config: dict[str, Any]) -> Any:
    """A function of the user's, as half of the public training scripts have it."""
    return wandb.init(project="mine", mode="offline", config=config, reinit=True)


def with_a_run_of_its_own(config: dict[str, Any]) -> None:
    run = setup_wandb(config)
    for i in range(ROWS):
        run.log({"own": i})
        report(config, i)
    run.finish()


WAYS = {
    "at once": (at_once, range(ROWS)),
    "after two results": (after_two_results, range(2, ROWS)),
    "decorated, in a partial": (functools.partial(decorated, rows=ROWS), range(ROWS)),
    "in a class's setup": (InSetup, range(ROWS)),
}


def rows_of(runs: list[OfflineRun]) -> dict[str, list[dict[str, Any]]]:
    """Return run id -> the rows of all of its files, in the order of their start."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        rows.setdefault(run.run_id, []).extend(map(own_values, run.rows))
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_offline_each_row_is_in_its_run_once(
    run_search: RunSearch, wandb_home: Path, way: str
) -> None:
    trainable, own = WAYS[way]
    logger = tw.WandbLogger(project="p", dir=str(wandb_home))
    # Without `reset_config` a class cannot be reused, and Tune would wait for ever.
    reuse = {"reuse_actors": trainable is not InSetup}
    results = run_search(trainable, SPACE, logger=logger, tune_config=reuse)
    assert results.num_errors == 0, results.errors
    audit = logger.audit()
    assert list(audit["logged"]) == list(audit["reported"]) == [ROWS, ROWS], audit.to_string()
    assert list(audit["dropped"]) == [0, 0], audit.to_string()
    files = sorted(find_wandb_files(wandb_home), key=lambda file: file.parent.name)
    runs = rows_of([read_ended_wandb_file(file) for file in files])
    assert sorted(runs) == sorted(audit["run_id"])
    for trial_id, a in zip(audit["run_id"], (1, 2), strict=True):
        rows = runs[trial_id]
        assert [row["loss"] for row in rows if "loss" in row] == [a * 10 + i for i in range(ROWS)]
        assert [row["own"] for row in rows if "own" in row] == list(own)


@pytest.mark.parametrize("way", ["at once", "after two results"])
def test_online_each_row_is_in_its_run_once(
    run_search: RunSearch, wandb_home: Path, wire_server: WireServer, way: str
) -> None:
    trainable, own = WAYS[way]
    logger = tw.WandbLogger(project="p", host=wire_server.url, api_key=wire_server.api_key)
    run_search(trainable, SPACE, logger=logger)
    audit = logger.audit()
    assert list(audit["logged"]) == [ROWS, ROWS], audit.to_string()
    assert set(audit["mode"]) == {"online"}
    for trial_id, a in zip(audit["run_id"], (1, 2), strict=True):
        run = wire_server.runs[trial_id]
        rows = [own_values(row) for row in run.rows]
        assert [row["loss"] for row in rows if "loss" in row] == [a * 10 + i for i in range(ROWS)]
        assert [row["own"] for row in rows if "own" in row] == list(own)
        assert [row["_step"] for row in run.rows] == sorted({row["_step"] for row in run.rows})
        assert run.config["a"] == a
        assert run.summary["tune/status"] == "completed"
    assert len(wire_server.runs) == 2


def test_a_function_of_that_name_is_the_users_own(
    run_search: RunSearch, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = tw.WandbLogger(project="p", dir=str(wandb_home / "logger"))
    monkeypatch.setenv("WANDB_DIR", str(wandb_home))
    run_search(with_a_run_of_its_own, SPACE, logger=logger)
    runs = [read_ended_wandb_file(file) for file in find_wandb_files(wandb_home / "logger")]
    assert [len(run.rows) for run in runs] == [ROWS, ROWS]
    assert list(logger.audit()["dropped"]) == [0, 0]


SCRIPT = """
import sys
sys.path.insert(0, {repo!r})
import tune_wandb_nb as tw
from ray import tune
from tests.joining import join_ray

class Trainer:
    def __init__(self, config):
        self.run = tw.setup_wandb(config)

def train(config):
    trainer = Trainer(config)
    for i in range(3):
        trainer.run.log({{"own": i}})
        tune.report({{"loss": i}})

join_ray()
logger = tw.WandbLogger(project="p", mode="offline")
tune.Tuner(
    train, param_space={{"a": tune.grid_search([1, 2])}},
    run_config=tune.RunConfig(callbacks=[logger], verbose=0, storage_path=sys.argv[1]),
).fit()
audit = logger.audit()
assert list(audit["logged"]) == list(audit["reported"]) == [3, 3], audit.to_string()
"""


def test_a_driver_that_has_loaded_neither_mixin_nor_setup_wandb(
    wandb_home: Path, ray_environ: dict[str, str]
) -> None:
    script = wandb_home / "search.py"
    script.write_text(SCRIPT.format(repo=str(Path(__file__).parents[2])))
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")} | ray_environ
    done = subprocess.run(
        [sys.executable, script.name, str(wandb_home / "ray")], cwd=wandb_home, env=env,
        text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    runs = rows_of([read_ended_wandb_file(file) for file in find_wandb_files(wandb_home)])
    assert len(runs) == 2
    for rows in runs.values():
        assert [row["loss"] for row in rows if "loss" in row] == [0, 1, 2]
        assert [row["own"] for row in rows if "own" in row] == [0, 1, 2]
