"""The run of a whole search: what the server, or an offline file, has of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireRun, WireServer
from tests.wire.sync import sync
from tune_wandb_nb import SettingsError

SPACE = {"optimizer": {"lr": tune.grid_search([0.1, 0.4, 0.2])}, "name": "sgd"}


def report(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"loss": config["optimizer"]["lr"] + i})
    if config["optimizer"]["lr"] == 0.4:
        raise ValueError("too high")


def logger_for(server: WireServer, **given: Any) -> tw.WandbLogger:
    access = {"host": server.url, "api_key": server.api_key}
    return tw.WandbLogger(project="p", **access | {"search_run": True} | given)


def of_search(server: WireServer) -> list[WireRun]:
    return [run for run in server.runs.values() if run.job_type == "search"]


def table_of(run: WireRun) -> list[dict[str, Any]]:
    path = run.summary["trials/table"]["path"]
    table = json.loads(run.files[path])
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_the_search_has_a_run_with_counts_best_value_and_table(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    logger = logger_for(wire_server, sweep=True, view=True)
    tune_config = {"metric": "loss", "mode": "min"}
    run_search(report, SPACE, logger=logger, tune_config=tune_config)
    (run,) = of_search(wire_server)
    assert (run.name, run.group, run.exit_code, run.sweep) == ("experiment", "experiment", 0, None)
    assert len(wire_server.runs) == 4
    last = [row for row in run.rows if "trials/terminated" in row][-1]
    assert (last["trials/terminated"], last["trials/error"]) == (2, 1)
    assert (last["trials/running"], last["trials/pending"]) == (0, 0)
    assert last["best_so_far/loss"] == 1.1
    trials = {row["config/optimizer/lr"]: row for row in table_of(run)}
    assert list(trials) == [0.1, 0.4, 0.2]
    assert {lr: row["status"] for lr, row in trials.items()} == {
        0.1: "completed",
        0.4: "failed",
        0.2: "completed",
    }
    for row in logger.audit().itertuples():
        lr = wire_server.runs[row.run_id].config["optimizer"]["lr"]
        assert (trials[lr]["trial"], trials[lr]["run"]) == (row.name, row.url)
        assert (trials[lr]["loss"], trials[lr]["config/name"]) == (lr + 1, "sgd")
        assert trials[lr]["training_iteration"] == 2
    assert list(logger.audit()["logged"]) == [2, 2, 2]
    assert "3 trials (1 failed), 6 rows, all in W&B." in capsys.readouterr().out
    (filters,) = [view["spec"]["section"]["runSets"][0]["filters"] for view in wire_server.views]
    shown = [(each["key"]["name"], each["op"], each["value"]) for each in filters["filters"]]
    assert shown == [("group", "=", "experiment"), ("jobType", "!=", "search")]


def test_the_report_is_one_of_its_files(run_search: RunSearch, wire_server: WireServer) -> None:
    logger = logger_for(wire_server, search_run=tw.write_report)
    run_search(report, SPACE, logger=logger, tune_config={"metric": "loss", "mode": "min"})
    (run,) = of_search(wire_server)
    page = run.files["report.html"].decode()
    assert "<title>experiment</title>" in page
    for row in logger.audit().itertuples():
        assert row.name in page


def test_an_experiment_has_it_keep_the_report(
    run_search: RunSearch, wire_server: WireServer, wandb_home: Path
) -> None:
    experiment = tw.Experiment(
        report,
        param_space=SPACE,
        tune_config=tune.TuneConfig(max_concurrent_trials=1, reuse_actors=True),
        run_config=tune.RunConfig(storage_path=str(wandb_home / "ray"), verbose=0),
        wandb={"project": "p", "search_run": True, **wire_server_access(wire_server)},
        dashboard=False,
    )
    experiment.start()
    experiment.wait()
    (run,) = of_search(wire_server)
    assert b"<!doctype html>" in run.files["report.html"]


def wire_server_access(server: WireServer) -> dict[str, Any]:
    return {"host": server.url, "api_key": server.api_key}


def test_offline_it_is_uploaded_with_the_others(
    run_search: RunSearch, wire_server: WireServer, wandb_home: Path, capsys: Any
) -> None:
    given = {"mode": "offline", "search_run": tw.write_report, "dir": str(wandb_home)}
    logger = tw.WandbLogger(project="p", **given)
    run_search(report, SPACE, logger=logger, tune_config={"metric": "loss", "mode": "min"})
    folders = sorted((wandb_home / "wandb").glob("offline-run-*"))
    assert len(folders) == 4
    (line,) = [x for x in capsys.readouterr().out.splitlines() if "Upload with" in x]
    assert "offline-run-*-" in line
    sync(wire_server, *map(str, folders))
    (run,) = of_search(wire_server)
    assert len(table_of(run)) == 3
    assert b"<!doctype html>" in run.files["report.html"]


def fails_once(config: dict[str, Any]) -> None:
    tune.report({"loss": 1})
    if config["a"] == 2 and not Path(config["mark"]).exists():
        Path(config["mark"]).touch()
        raise ValueError("once")


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_restored_search_goes_on_in_its_run(
    run_search: RunSearch,
    wire_server: WireServer,
    wandb_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    space = {"a": tune.grid_search([1, 2]), "mark": str(wandb_home / "mark")}
    logger = logger_for(wire_server, mode=mode, dir=str(wandb_home), best={"loss": "min"})
    run_search(fails_once, space, logger=logger)
    monkeypatch.setenv("WANDB_API_KEY", wire_server.api_key)
    folder = str(wandb_home / "ray" / "experiment")
    tune.Tuner.restore(folder, fails_once, resume_errored=True).fit()
    if mode == "offline":
        found = sorted(
            (wandb_home / "wandb").glob("offline-run-*"), key=lambda f: f.stat().st_mtime
        )
        sync(wire_server, *map(str, found))
    (run,) = of_search(wire_server)
    statuses = [row for row in run.rows if "trials/terminated" in row]
    assert statuses[-1]["trials/terminated"] == 2
    assert run.gaps == ()
    assert [row["_step"] for row in run.rows] == sorted({row["_step"] for row in run.rows})
    assert len([row for row in run.rows if "trials/table" in row]) == 2
    found = {row["config/a"]: row["status"] for row in table_of(run)}
    assert found == {1: "terminated", 2: "completed"}


def test_a_report_that_fails_and_a_wrong_setting(
    run_search: RunSearch, wire_server: WireServer, capsys: Any
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    logger = logger_for(wire_server, search_run=broken)
    run_search(lambda _: tune.report({"loss": 1}), {}, logger=logger)
    (run,) = of_search(wire_server)
    assert "report.html" not in run.files
    assert len(table_of(run)) == 1
    assert capsys.readouterr().out.count("no HTML report in the run of the search") == 1
    with pytest.raises(SettingsError, match="search_run must be True or False"):
        tw.WandbLogger(project="p", search_run="yes")


def test_where_the_server_refuses_everything_is_offline_and_nothing_is_lost(
    run_search: RunSearch, wire_server: WireServer, wandb_home: Path, capsys: Any
) -> None:
    pages = {"sweep": True, "view": True, "search_run": tw.write_report}
    logger = logger_for(wire_server, api_key="f" * 40, dir=str(wandb_home), **pages)
    run_search(report, SPACE, logger=logger, tune_config={"metric": "loss", "mode": "min"})
    assert list(logger.audit()["logged"]) == [2, 2, 2]
    said = capsys.readouterr().out
    assert said.count("runs go on offline") == said.count("no W&B sweep") == 1
    sync(wire_server, *map(str, sorted((wandb_home / "wandb").glob("offline-run-*"))))
    (run,) = of_search(wire_server)
    assert len(table_of(run)) == 3
    assert b"<!doctype html>" in run.files["report.html"]
    assert wire_server.views == []
