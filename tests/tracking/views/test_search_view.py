"""The saved view of a search: what the server gets, and what happens where it takes none."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import PopulationBasedTraining

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer
from tune_wandb_nb.tracking.views.search_view import ViewError

SPACE = {
    "optimizer": {"lr": tune.loguniform(1e-4, 1e-1)},
    "width": tune.choice([8, 16]),
    "layers": 3,
}


def report(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"loss": config["width"] * i})


def logger_for(server: WireServer, **given: Any) -> tw.WandbLogger:
    access = {"host": server.url, "api_key": server.api_key}
    return tw.WandbLogger(project="p", **access | {"view": True} | given)


def panels(view: dict[str, Any], section: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = view["spec"]["section"]["panelBankConfig"]["sections"]
    return found[section]["panels"]


def of_type(view: dict[str, Any], kind: str, section: int = 0) -> list[dict[str, Any]]:
    return [panel["config"] for panel in panels(view, section) if panel["viewType"] == kind]


def test_the_view_shows_this_search_and_what_varies_in_it(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    logger = logger_for(wire_server, best={"loss": "min"}, log_config=True)
    run_search(report, SPACE, logger=logger, tune_config={"metric": "loss", "mode": "min"})
    (view,) = wire_server.views
    assert (view["entityName"], view["projectName"]) == ("test-entity", "p")
    assert (view["displayName"], view["type"]) == ("experiment", "project-view")
    (runs,) = view["spec"]["section"]["runSets"]
    (filtered,) = runs["filters"]["filters"]
    assert filtered["key"] == {"section": "run", "name": "group"}
    assert (filtered["op"], filtered["value"]) == ("=", "experiment")
    (order,) = runs["sort"]["keys"]
    assert order == {"key": {"section": "summary", "name": "best/loss"}, "ascending": True}
    assert runs["runFeed"]["columnOrder"] == [
        "run:displayName",
        "summary:best/loss",
        "summary:tune/status",
        "config:optimizer.lr",
        "config:width",
    ]
    (curve,) = of_type(view, "Run History Line Plot")
    assert (curve["xAxis"], curve["metrics"]) == ("training_iteration", ["loss"])
    (parallel,) = of_type(view, "Parallel Coordinates Plot")
    assert parallel["columns"] == [
        {"accessor": "config:optimizer.value.lr", "log": True},
        {"accessor": "config:width.value"},
        {"accessor": "summary:best/loss"},
    ]
    (importance,) = of_type(view, "Parameter Importance")
    assert importance["targetKey"] == "best/loss"
    first, second = of_type(view, "Scatter Plot")
    assert (first["xAxis"], first["xAxisLogScale"]) == ("config:optimizer.value.lr", True)
    assert (second["xAxis"], second["yAxis"]) == ("config:width.value", "summary:best/loss")
    schedules = of_type(view, "Run History Line Plot", section=1)
    assert [each["metrics"] for each in schedules] == [["config/optimizer/lr"], ["config/width"]]
    name = view["name"].removeprefix("nw-").removesuffix("-v")
    assert logger.view_url == f"{wire_server.url}/test-entity/p?nw={name}"


def test_it_can_be_saved_later_and_by_the_best_of_the_logger(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    logger = logger_for(wire_server, view=False, best={"loss": "max"})
    with pytest.raises(ViewError, match="needs a search whose runs are online"):
        logger.save_view()
    run_search(report, SPACE, logger=logger)
    assert (wire_server.views, logger.view_url) == ([], None)
    assert logger.save_view() == logger.view_url
    (view,) = wire_server.views
    (order,) = view["spec"]["section"]["runSets"][0]["sort"]["keys"]
    assert order["ascending"] is False
    assert wire_server.api_key not in json.dumps(view)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("not installed", "pip install 'tune-wandb-nb[view]'"),
        ("refused", "answers 500"),
        ("no metric", "no metric is optimized"),
    ],
)
def test_what_is_in_the_way_of_a_view_is_one_line(
    request: pytest.FixtureRequest, wire_server: WireServer, capsys: Any, trouble: str, why: str
) -> None:
    run_search: RunSearch = request.getfixturevalue("run_search")
    best = {"loss": "min"}
    if trouble == "not installed":
        request.getfixturevalue("monkeypatch").setitem(sys.modules, "wandb_workspaces", None)
    elif trouble == "refused":
        wire_server.faults.fail(500, operation="UpsertView2")
    else:
        best = {}
    logger = logger_for(wire_server, best=best)
    run_search(report, SPACE, logger=logger)
    said = capsys.readouterr().out
    assert said.count("no W&B view of this search") == 1
    assert why in said
    assert list(logger.audit()["logged"]) == [2]


def test_at_the_end_it_shows_the_most_important_hyperparameter_first(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    space = {"width": tune.uniform(1, 2), "lr": tune.grid_search([0.1, 0.2, 0.3, 0.4, 0.5])}
    logger = logger_for(wire_server)
    tune_config = {"metric": "loss", "mode": "min"}
    run_search(
        lambda config: tune.report({"loss": config["lr"]}),
        space,
        logger=logger,
        tune_config=tune_config,
    )
    (view,) = wire_server.views
    first, second = of_type(view, "Scatter Plot")
    assert (first["xAxis"], second["xAxis"]) == ("config:lr.value", "config:width.value")
    # A search this short may have ended before its view was saved at all.
    assert view["saves"] <= 2
    before = logger.view_url
    assert logger.save_view() == before
    assert len(wire_server.views) == 1


def step(config: dict[str, Any]) -> None:
    for i in range(4):
        tune.report({"loss": config["lr"] + i})


def test_a_search_whose_scheduler_changes_hyperparameters_shows_their_schedules(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    scheduler = PopulationBasedTraining(
        metric="loss", mode="min", hyperparam_mutations={"lr": tune.uniform(0, 1)}
    )
    logger = logger_for(wire_server, best={"loss": "min"})
    run_search(
        step, {"lr": tune.uniform(0, 1)}, logger=logger, tune_config={"scheduler": scheduler}
    )
    (view,) = wire_server.views
    (schedule,) = of_type(view, "Run History Line Plot", section=1)
    assert schedule["metrics"] == ["config/lr"]
    (run,) = wire_server.runs.values()
    assert [row["config/lr"] for row in run.rows] == [run.config["lr"]] * 4
