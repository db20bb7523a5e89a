"""A W&B report of a search: what the server gets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer
from tune_wandb_nb import SettingsError
from tune_wandb_nb.tracking.views.search_view import ViewError

EVIL = "<img src=x onerror=alert(1)>|"
SPACE = {"lr": tune.grid_search([0.3, 0.1, 0.5, 0.2]), "kind": EVIL, "depth": 3}


def train(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"loss": config["lr"] - i})


def access(server: WireServer) -> dict[str, Any]:
    return {"host": server.url, "api_key": server.api_key}


def test_it_says_what_was_searched_and_shows_the_charts(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    tune_config = {"metric": "loss", "mode": "min"}
    logger = tw.WandbLogger(project="p", **access(wire_server))
    name = f"my search {EVIL[:4]}"
    results = run_search(train, SPACE, logger=logger, tune_config=tune_config, name=name)
    url = tw.report(results, "p", mode="min", **access(wire_server))
    (view,) = wire_server.views
    assert (view["entityName"], view["projectName"], view["type"]) == ("test-entity", "p", "runs")
    assert view["displayName"] == "my search <img"
    assert url == f"{wire_server.url}/test-entity/p/reports/my-search-%3Cimg--view-1"
    texts = [block["content"] for block in view["spec"]["blocks"] if "content" in block]
    summary, table = texts
    assert "4 trials that vary lr, for the lowest loss." in summary
    assert "lr = 0.1" in summary
    assert "loss = -0.9" in summary
    lines = table.splitlines()
    assert lines[0] == "| trial | status | loss | lr |"
    assert [line.split(" | ")[2:] for line in lines[2:]] == [
        ["-0.9", "0.1 |"],
        ["-0.8", "0.2 |"],
        ["-0.7", "0.3 |"],
        ["-0.5", "0.5 |"],
    ]
    (grid,) = [block for block in view["spec"]["blocks"] if block["type"] == "panel-grid"]
    (runs,) = grid["metadata"]["runSets"]
    assert runs["project"] == {"id": "project-p", "name": "p", "entityName": "test-entity"}
    kinds = [panel["viewType"] for panel in grid["metadata"]["panelBankSectionConfig"]["panels"]]
    assert kinds == [
        "Run History Line Plot",
        "Parallel Coordinates Plot",
        "Parameter Importance",
        "Scatter Plot",
    ]
    assert wire_server.api_key not in json.dumps(view)


def test_texts_of_trials_are_text(run_search: RunSearch, wire_server: WireServer) -> None:
    space = {"kind": tune.grid_search([EVIL, "b"])}
    logger = tw.WandbLogger(project="p", **access(wire_server))
    results = run_search(lambda _: tune.report({"loss": 1}), space, logger=logger)
    tw.report(results.experiment_path, "p", metric="loss", mode="max", **access(wire_server))
    texts = "".join(b.get("content", "") for b in wire_server.views[0]["spec"]["blocks"])
    assert "\\<img src=x onerror=alert(1)\\>\\|" in texts
    assert "<img" not in texts.replace("\\<", "")


def test_what_is_in_the_way(
    run_search: RunSearch,
    wire_server: WireServer,
    wandb_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = run_search(train, {"lr": 0.1}).experiment_path
    good = access(wire_server)
    with pytest.raises(SettingsError, match="mode must be 'min' or 'max'"):
        tw.report(path, "p", mode="best", **good)
    with pytest.raises(SettingsError, match="an Experiment that has started, but it is a int"):
        tw.report(3, "p", mode="min", **good)
    with pytest.raises(SettingsError, match="name no metric that was optimized; pass metric="):
        tw.report(path, "p", mode="min", **good)
    with pytest.raises(SettingsError, match="there is no folder"):
        tw.report(wandb_home / "none", "p", metric="loss", mode="min", **good)
    with pytest.raises(SettingsError, match="takes a W&B API key, and none was found"):
        tw.report(path, "p", metric="loss", mode="min", host=wire_server.url)
    with pytest.raises(ViewError, match="has no project 'p' of 'test-entity'"):
        tw.report(path, "p", metric="loss", mode="min", **good)
    tw.upload_experiment(path, "p", progress=False, **good)
    wire_server.faults.fail(400, operation="UpsertView2")
    with pytest.raises(ViewError, match="400"):
        tw.report(path, "p", metric="loss", mode="min", **good)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    with pytest.raises(ViewError, match="pip install 'tune-wandb-nb\\[view\\]'"):
        tw.report(path, "p", metric="loss", mode="min", **good)
    assert wire_server.views == []
