"""A plan as Tune's objects and as code: both make the same search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from ray import tune

from tests.forms import SPACE, plan
from tests.spaces import spaces
from tests.trainable_functions import quick
from tune_wandb_nb import Experiment, SearchSpace
from tune_wandb_nb.search_space.distributions.base import Choice, Kept
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, Uniform
from tune_wandb_nb.search_space.inspection.import_name import CodeName, code_name
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.plan_code import plan_code
from tune_wandb_nb.tuning.plan.tune_plan import run_config, trainable_with_resources, tune_config


class Made:
    """Takes the place of an `Experiment`: what the code would have started."""

    def __init__(self, trainable: Any, **given: Any) -> None:
        self.trainable = trainable
        self.given = given
        self.started = False

    def start(self) -> None:
        self.started = True


def run(code: str, monkeypatch: pytest.MonkeyPatch, **names: Any) -> Made:
    monkeypatch.setattr("tune_wandb_nb.Experiment", Made)
    scope = {"train": quick, **names}
    exec(code, scope)
    made = scope["experiment"]
    assert isinstance(made, Made)
    assert made.started
    return made


def state(found: Any) -> Any:
    """What a scheduler or a search algorithm is made of, as far as it can be compared."""
    if found is None or isinstance(found, int | float | str | bool):
        return found
    if isinstance(found, dict):
        return {str(k): state(v) for k, v in found.items() if k != "_uuid_prefix"}
    if isinstance(found, list | tuple):
        return [state(v) for v in found]
    if hasattr(found, "__dict__") and type(found).__module__.startswith(("ray", "tune_wandb_nb")):
        return [type(found).__name__, state(vars(found))]
    return type(found).__name__


def check_same(made: Plan, monkeypatch: pytest.MonkeyPatch) -> str:
    code = plan_code(made)
    found = run(code, monkeypatch)
    assert state(found.given["tune_config"]) == state(tune_config(made))
    assert state(found.given.get("run_config", tune.RunConfig())) == state(run_config(made))
    assert SearchSpace.from_param_space(found.given["param_space"]) == made.space
    assert found.given["wandb"] == dict(made.wandb)
    asked = trainable_with_resources(made, quick)
    assert state(getattr(found.trainable, "_resources", None)) == state(
        getattr(asked, "_resources", None)
    )
    return code


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"scheduler": "asha", "asha.max_t": "20", "samples": "64"}, id="asha"),
        pytest.param({"scheduler": "hyperband", "hyperband.reduction_factor": "2.5"}, id="hyper"),
        pytest.param({"scheduler": "median", "mode": "min", "target": "0.5"}, id="median"),
        pytest.param({"scheduler": "pbt", "pbt.perturbed": "lr"}, id="pbt"),
        pytest.param({"metric": "loss, latency", "mode": "min, min"}, id="two-metrics"),
        pytest.param({"random.random_state": "7", "concurrency": "2"}, id="seed"),
        pytest.param({"concurrency": "2", "time_budget": "10 min", "cpus": "2"}, id="limits"),
        pytest.param(
            {
                "project": "digits",
                "tags": "a, b",
                "offline": "yes",
                "notes": 'a "quoted"\nline',
                "name": "it's",
                "storage": "~/results",
                "iterations": "5",
                "reuse_workers": "yes",
            },
            id="the-rest",
        ),
    ],
)
def test_code_makes_the_same_search(
    fields: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = check_same(plan(**fields), monkeypatch)
    compile(code, "cell", "exec")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "-"]
    done = subprocess.run(command, input=code, text=True, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_code_with_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    space = SearchSpace({"lr": LogUniform(1e-4, 0.1), "act": Choice(["a", "b"])})
    made = plan(space, algorithm="optuna", **{"optuna.seed": "3"})
    assert "OptunaSearch(seed=3)" in check_same(made, monkeypatch)


@settings(deadline=None, max_examples=40)
@given(spaces())
def test_code_of_any_space(space: SearchSpace) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        check_same(plan(space, samples="2"), monkeypatch)


def test_what_is_kept_is_taken_from_the_given_space(monkeypatch: pytest.MonkeyPatch) -> None:
    space = SearchSpace({"net/init": Kept(print), "lr": Uniform(0, 1)})
    code = plan_code(plan(space), CodeName("my_function", comment="my_function: what was given"))
    assert "# my_function: what was given" in code
    made = run(code, monkeypatch, given_space={"net": {"init": print}}, my_function=quick)
    assert made.given["param_space"]["net"]["init"] is print
    assert made.trainable is quick


def test_the_code_reads_well() -> None:
    made = plan(SPACE, project="digits", scheduler="asha", cpus="2", samples="16", name="first")
    assert plan_code(made) == CODE


CODE = """\
import tune_wandb_nb as tw
from ray import tune
from ray.tune.schedulers import ASHAScheduler

param_space = {
    "lr": tune.loguniform(0.0001, 0.1),
    "batch": tune.grid_search([16, 32]),
    "epochs": 3,
}

experiment = tw.Experiment(
    tune.with_resources(train, {"cpu": 2}),
    param_space=param_space,
    tune_config=tune.TuneConfig(
        metric="accuracy",
        mode="max",
        num_samples=16,
        scheduler=ASHAScheduler(
            max_t=100, grace_period=1, reduction_factor=4, brackets=1
        ),
    ),
    run_config=tune.RunConfig(name="first"),
    wandb={"project": "digits"},
)
experiment.start()
"""


def test_the_code_runs(tmp_path: Path, ray_session: None, wandb_home: Path) -> None:
    space = SearchSpace({"x": Choice([1, 2])})
    made = plan(
        space,
        metric="score",
        samples="2",
        offline="yes",
        storage=str(tmp_path / "results"),
        name="mine",
        **{"random.random_state": "7"},
    )
    scope: dict[str, Any] = {"train": quick}
    exec(plan_code(made), scope)
    experiment = scope["experiment"]
    assert isinstance(experiment, Experiment)
    configs = [result.config for result in experiment.wait(120)]
    assert configs == made.space.sample(2, seed=7)


def test_the_code_imports_what_is_trained() -> None:
    assert "from tests.trainable_functions import quick\n" in plan_code(
        plan(), code_name(quick, {})
    )
