"""W&B inside the trial: `wandb_mixin`, `WandbTrainableMixin`, on a real Ray, offline."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests import decorated
from tests.searches import RunSearch, offline_runs, own_values

ENTRY = {"project": "p"}


@tw.wandb_mixin
def local(config: dict[str, Any], factor: int = 1) -> None:
    for i in range(config.get("n", 3)):
        wandb.log({"logged": config["a"] * i * factor})
        tune.report({"reported": config["a"] * i * factor})


def log_and_report() -> Callable[..., Any]:
    """As a notebook's cell makes it: a function that is pickled, not imported."""

    @tw.wandb_mixin
    def in_cell(config: dict[str, Any], factor: int = 1) -> None:
        for i in range(config.get("n", 3)):
            wandb.log({"logged": config["a"] * i * factor})
            tune.report({"reported": config["a"] * i * factor})

    return in_cell


def yielding() -> Callable[..., Any]:
    @tw.wandb_mixin
    def yields(config: dict[str, Any]) -> Any:
        for i in range(3):
            wandb.log({"logged": config["a"] * i})
            yield {"reported": config["a"] * i}

    return yields


CPU = {"cpu": 1}
FORMS: dict[str, tuple[Callable[[], Any], int]] = {
    "cell": (log_and_report, 1),
    "module": (lambda: decorated.log_and_report, 1),
    "generator": (yielding, 1),
    "partial": (lambda: functools.partial(log_and_report(), factor=2), 2),
    "partial of a module's": (lambda: functools.partial(decorated.log_and_report, factor=2), 2),
    "decorated partial": (
        lambda: tw.wandb_mixin(functools.partial(log_and_report().__wrapped__, factor=2)),  # type: ignore[attr-defined]
        2,
    ),
    "with_parameters": (lambda: tune.with_parameters(log_and_report(), factor=3), 3),
    "decorated with_parameters": (
        lambda: tw.wandb_mixin(tune.with_parameters(log_and_report().__wrapped__, factor=3)),  # type: ignore[attr-defined]
        3,
    ),
    "with_resources": (lambda: tune.with_resources(log_and_report(), CPU), 1),
    "decorated with_resources": (
        lambda: tw.wandb_mixin(tune.with_resources(log_and_report().__wrapped__, CPU)),  # type: ignore[attr-defined]
        1,
    ),
    "parameters and resources": (
        lambda: tune.with_resources(tune.with_parameters(decorated.log_and_report, factor=4), CPU),
        4,
    ),
    "resources and parameters": (
        lambda: tune.with_parameters(tune.with_resources(log_and_report(), CPU), factor=4),
        4,
    ),
    "class": (lambda: decorated.Counting, 1),
    "base class": (lambda: decorated.Inherited, 1),
    "class with_parameters": (lambda: tune.with_parameters(decorated.Counting, factor=5), 5),
    "class with_resources": (lambda: tune.with_resources(decorated.Counting, CPU), 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_one_run_a_trial_with_its_own_rows(
    run_search: RunSearch, tmp_path: Path, form: str
) -> None:
    make, factor = FORMS[form]
    entry = ENTRY | {"dir": str(tmp_path)}
    results = run_search(make(), {"a": tune.grid_search([1, 2]), "wandb": entry})
    assert results.num_errors == 0, results.errors
    runs = offline_runs(tmp_path)
    assert len(runs) == 2
    for result in results:
        trial_id = result.metrics["trial_id"]
        run = runs[trial_id]
        a = run.config["a"]
        assert [own_values(row) for row in run.rows] == [
            {"logged": a * i * factor} for i in range(3)
        ]
        assert (run.project, run.group, run.exit_code) == ("p", "experiment", 0)
        assert run.name.endswith(f"_{trial_id}")
        assert "wandb" not in run.config
        assert result.metrics["reported"] == a * 2 * factor
