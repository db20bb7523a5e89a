"""`legacy.enable`: the classic documentation's two code blocks run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import ray.air
import ray.train
import ray.tune
import ray.tune.experiment
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, own_values
from tests.wire import WireServer

CLASSIC = Path(__file__).parents[2] / "classic"
KEY = "fedcba9876543210" * 3
START = """
import os
from pathlib import Path
from tests.joining import join_ray
join_ray()
"""
TRAIN = """
def train_fn(config):
    for i in range(10):
        tune.report(loss=config["parameter_1"] + config["parameter_2"])
"""
ENDS = {
    "script": "import tune_wandb_nb as tw\ntw.legacy.enable()\n",
    "notebook": "from IPython.core.interactiveshell import InteractiveShell\n"
    "InteractiveShell.instance().run_line_magic('load_ext', 'tune_wandb_nb.legacy')\n",
}


def run_block(block: str, tmp_path: Path, environ: dict[str, str], head: str = "") -> str:
    """Run a block of the documentation after the one line; only the path is filled in."""
    (tmp_path / "key").write_text(f"{KEY}\n")
    code = (CLASSIC / block).read_text().replace("/path/to/file", str(tmp_path / "key"))
    assert str(tmp_path) in code
    (tmp_path / "block.py").write_text(f"{START}{head}{code}")
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")} | {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        **environ,
        "RAY_AIR_NEW_OUTPUT": "0",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "block.py"], cwd=tmp_path, env=env, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def environ(wire_server: WireServer, ray_environ: dict[str, str]) -> dict[str, str]:
    """Of a script that uses the tests' Ray and a server that takes one key."""
    wire_server.accepted_keys = {KEY}
    return {"WANDB_BASE_URL": wire_server.url, **ray_environ}


@pytest.mark.parametrize("line", ENDS)
def test_the_logger_example_runs(
    tmp_path: Path, wire_server: WireServer, environ: dict[str, str], line: str
) -> None:
    said = run_block("logger_example.txt", tmp_path, environ, ENDS[line] + TRAIN)
    (run,) = wire_server.runs.values()
    assert (run.project, len(run.rows), run.exit_code) == ("Optimization_Project", 10, 0)
    assert "config/parameter_1" in run.rows[0]
    assert "from ray.tune.integration.wandb import" in said
    assert KEY not in said
    assert len(list(tmp_path.rglob("result.json"))) == 1


def test_the_mixin_example_runs(
    tmp_path: Path, wire_server: WireServer, environ: dict[str, str]
) -> None:
    run_block("mixin_example.txt", tmp_path, environ, ENDS["script"])
    (run,) = wire_server.runs.values()
    assert run.project == "Optimization_Project"
    expected = run.config["a"] + run.config["b"]
    assert [own_values(row) for row in run.rows] == [{"loss": expected}] * 10
    assert (run.complete, run.exit_code) == (True, 0)


@pytest.fixture
def enabled(capsys: Any) -> Any:
    tw.legacy.enable()
    yield capsys.readouterr().out
    tw.legacy.disable()


def test_it_says_what_it_patched_and_can_be_undone(capsys: Any) -> None:
    tw.legacy.enable(quiet=True)  # What it imports of Ray stays.
    tw.legacy.disable()
    before = {name: vars(ray.tune)[name] for name in ("run", "report")}
    loggers = getattr(ray.tune.logger, "DEFAULT_LOGGERS", None)  # Ray 2.44 has its own
    everything = attributes_of_ray()
    tw.legacy.enable()
    said = capsys.readouterr().out
    forms = ("loggers=", "tune.report(loss=loss)", "DEFAULT_LOGGERS", "ray.air.session", "Trainer")
    for form in (*forms, "ray.air.integrations.wandb"):
        assert form in said
    tw.legacy.enable()
    assert capsys.readouterr().out == "", "the second time there is nothing to do"
    assert ray.tune.run is not before["run"]
    from ray.tune.integration.wandb import (  # type: ignore[import-not-found]
        WandbLogger,
        WandbTrainableMixin,
        wandb_mixin,
    )

    assert (WandbLogger, wandb_mixin) == (tw.WandbLogger, tw.wandb_mixin)
    assert WandbTrainableMixin is tw.WandbTrainableMixin
    tw.legacy.disable()
    assert {name: vars(ray.tune)[name] for name in before} == before
    assert getattr(ray.tune.logger, "DEFAULT_LOGGERS", None) is loggers
    assert "ray.tune.integration.wandb" not in sys.modules
    assert not hasattr(ray.tune.integration, "wandb")
    assert attributes_of_ray() == everything
    tw.legacy.disable()


def attributes_of_ray() -> dict[tuple[str, str], int]:
    """Every attribute of every module and class of Ray's that is loaded, by identity."""
    modules = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "ray"}
    owners: dict[str, Any] = dict(modules)
    for owner in (ray.tune.Tuner, ray.tune.SyncConfig, ray.air.RunConfig, ray.train.RunConfig):
        owners[f"class {owner.__module__}.{owner.__name__}"] = owner
    for owner in (ray.train.Checkpoint, ray.tune.ExperimentAnalysis, ray.tune.experiment.Trial):
        owners[f"class {owner.__name__}"] = owner
    return {
        (name, attribute): id(value)
        for name, owner in owners.items()
        for attribute, value in list(vars(owner).items())
    }


def modern(config: dict[str, Any]) -> None:
    tune.report({"value": config["a"]})


def test_modern_calls_are_as_before(run_search: RunSearch, enabled: str, tmp_path: Path) -> None:
    (result,) = run_search(modern, {"a": 3})
    assert result.metrics["value"] == 3
    analysis = tune.run(modern, config={"a": 4}, verbose=0, storage_path=str(tmp_path / "run"))
    assert analysis.trials[0].last_result["value"] == 4


def by_keyword(config: dict[str, Any]) -> None:
    tune.report(value=config["a"])  # type: ignore[call-arg]
    tune.report(config["a"] + 1)


class ByKeyword(tune.Trainable):
    def step(self) -> dict[str, Any]:
        from ray.tune.integration.wandb import wandb_mixin

        return {"value": 5, "done": callable(wandb_mixin)}

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        return {}


def test_the_trials_have_it_too(run_search: RunSearch, enabled: str) -> None:
    (result,) = run_search(by_keyword, {"a": 3})
    assert result.metrics["_metric"] == 4
    assert list(result.metrics_dataframe["value"].dropna()) == [3]
    (result,) = run_search(ByKeyword, {})
    assert result.metrics["value"] == 5
    assert result.error is None


def test_after_undoing_the_trials_have_it_no_more(run_search: RunSearch) -> None:
    (result,) = run_search(by_keyword, {"a": 3})
    assert result.error is not None
