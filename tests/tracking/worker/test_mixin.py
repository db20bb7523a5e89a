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
from tests.wire import WireServer

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
    # Of these classes only one can be reset.
    reuse = not form.startswith("class")
    space = {"a": tune.grid_search([1, 2]), "wandb": entry}
    results = run_search(make(), space, tune_config={"reuse_actors": reuse})
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


def plain_wandb(config: dict[str, Any]) -> None:
    """What code that was written for W&B does, without a word of Tune."""
    import numpy as np

    assert wandb.run is not None
    assert wandb.run.config["a"] == wandb.config.a
    wandb.config.update({"layers": 3})
    wandb.log({"image": wandb.Image(np.zeros((2, 2, 3), np.uint8))})
    wandb.log({"table": wandb.Table(columns=["x"], data=[[1]])})
    artifact = wandb.Artifact("model", "model")
    with artifact.new_file("weights") as file:
        file.write("1 2 3")
    wandb.log_artifact(artifact)
    wandb.summary["best"] = 7


def test_inside_the_plain_wandb_api_works(run_search: RunSearch, wire_server: WireServer) -> None:
    entry = {"project": "p", "host": wire_server.url, "tags": ["t"], "notes": "n"}
    tw.login(wire_server.api_key)
    run_search(tw.wandb_mixin(plain_wandb), {"a": 1, "wandb": entry})
    (run,) = wire_server.runs.values()
    folders = {"trial_path", "trial_log_path"}
    assert folders <= run.config.keys()
    assert {k: v for k, v in run.config.items() if k not in folders} == {"a": 1, "layers": 3}
    assert run.rows[0]["image"]["_type"] == "image-file"
    assert run.rows[1]["table"]["_type"] == "table-file"
    assert run.summary["best"] == 7
    models = [artifact for artifact in run.artifacts if artifact.type == "model"]
    assert [model.files["weights"] for model in models] == [b"1 2 3"]
    assert (run.tags, run.notes, run.exit_code) == (("t",), "n", 0)


@pytest.fixture(autouse=True)
def _logged_out() -> Any:
    yield
    tw.logout()


def test_watching_a_model(run_search: RunSearch, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    def watch(config: dict[str, Any]) -> None:
        model = torch.nn.Linear(2, 1)
        wandb.watch(model, log="all", log_freq=1)
        model(torch.ones(1, 2)).sum().backward()
        wandb.log({"loss": 1})

    run_search(tw.wandb_mixin(watch), {"wandb": ENTRY})
    (run,) = offline_runs(tmp_path).values()
    assert any(key.startswith("gradients/") for row in run.rows for key in row)


def test_names_can_be_overridden(run_search: RunSearch, tmp_path: Path) -> None:
    entry = ENTRY | {"run_id": "mine", "run_name": "my name", "group": "g"}
    run_search(log_and_report(), {"a": tune.grid_search([1, 2]), "wandb": entry})
    runs = offline_runs(tmp_path)
    assert len(runs) == 2
    assert "mine" in runs, "the first trial has the id, the other keeps its own"
    assert {run.group for run in runs.values()} == {"g"}
    assert {run.name for run in runs.values()} == {"my name"}


@pytest.mark.parametrize("reuse", [True, False], ids=["reuse_actors", "fresh actors"])
def test_twenty_trials_are_twenty_runs(
    run_search: RunSearch, tmp_path: Path, wire_server: WireServer, reuse: bool
) -> None:
    entry = ENTRY | {"host": wire_server.url}
    tw.login(wire_server.api_key)
    n = 20 if reuse else 6
    space = {"a": tune.grid_search(list(range(n))), "n": 4, "wandb": entry}
    run_search(log_and_report(), space, tune_config={"reuse_actors": reuse})
    assert len(wire_server.runs) == n
    for run in wire_server.runs.values():
        a = run.config["a"]
        assert [row["logged"] for row in run.rows] == [a * i for i in range(4)]
        assert [row["_step"] for row in run.rows] == [0, 1, 2, 3]
        assert (run.gaps, run.complete, run.exit_code, run.starts) == ((), True, 0, 1)


def failing() -> Any:
    @tw.wandb_mixin
    def fails(config: dict[str, Any]) -> None:
        wandb.log({"logged": 1})
        if config["report"]:
            tune.report({"reported": 1})
        raise KeyError("no such luck")

    return fails


class Failing(tw.WandbTrainableMixin, tune.Trainable):
    def step(self) -> dict[str, Any]:
        self.wandb.log({"logged": 1})
        raise KeyError("no such luck")


@pytest.mark.parametrize(
    "make", [failing, lambda: functools.partial(failing()), lambda: Failing],
    ids=["function", "partial", "class"],
)  # fmt: skip
def test_a_trial_that_raises_is_a_failed_run(
    run_search: RunSearch, tmp_path: Path, make: Any
) -> None:
    entry = ENTRY | {"dir": str(tmp_path)}
    results = run_search(make(), {"report": tune.grid_search([True, False]), "wandb": entry})
    assert results.num_errors == 2
    assert all("no such luck" in str(error) for error in results.errors)
    runs = offline_runs(tmp_path)
    assert len(runs) == 2
    for run in runs.values():
        assert [own_values(row) for row in run.rows] == [{"logged": 1}]
        assert run.exit_code == 1
        assert "no such luck" in run.summary["tune/error"]


def test_what_a_function_returns_is_still_reported(run_search: RunSearch, tmp_path: Path) -> None:
    def returns(config: dict[str, Any]) -> dict[str, Any]:
        wandb.log({"logged": 1})
        return {"score": 7}

    logger = tw.WandbLogger(project="p")
    (result,) = run_search(tw.wandb_mixin(returns), {}, logger=logger)
    assert result.metrics["score"] == 7
    (run,) = offline_runs(tmp_path).values()
    assert [own_values(row) for row in run.rows] == [{"logged": 1}, {"score": 7}]


def test_a_scheduler_stops_a_run_as_finished(run_search: RunSearch, tmp_path: Path) -> None:
    def slow(config: dict[str, Any]) -> None:
        try:
            for i in range(50):
                wandb.log({"logged": i})
                tune.report({"score": config["a"]})
        finally:
            wandb.log({"left": 1})

    scheduler = tune.schedulers.ASHAScheduler(metric="score", mode="max", max_t=8)
    logger = tw.WandbLogger(project="p")
    run_search(
        tw.wandb_mixin(slow), {"a": tune.grid_search([4, 3, 2, 1])}, logger=logger,
        tune_config={"scheduler": scheduler},
    )  # fmt: skip
    audit = logger.audit()
    assert list(audit["reported"]) == list(audit["logged"]), audit.to_string()
    assert not any(audit["note"]), audit.to_string()
    runs = offline_runs(tmp_path)
    for row in audit.itertuples():
        run = runs[row.trial_id]
        assert run.exit_code == 0
        assert run.summary["tune/status"] == "stopped by scheduler"
        assert [r["left"] for r in run.rows if "left" in r] == [1]
        assert sum("score" in r for r in run.rows) == row.reported
