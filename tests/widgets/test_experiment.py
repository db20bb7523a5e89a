from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

from tests.trainable_functions import quick, run_config
from tests.wire import WireServer
from tune_wandb_nb import Dashboard, Experiment, SettingsError, WandbLogger
from tune_wandb_nb.widgets.base.frontend import OVERRIDE

KEY = "abcdef0123" * 4


def space(**more: Any) -> dict[str, Any]:
    return {"x": tune.grid_search([1, 2]), **more}


@pytest.fixture
def experiment_of(ray_session: None, wandb_home: Path, wandb_core: None, tmp_path: Path) -> Any:
    def make(param_space: dict[str, Any], **given: Any) -> Experiment:
        return Experiment(
            quick,
            param_space=param_space,
            tune_config=tune.TuneConfig(metric="score", mode="max"),
            run_config=run_config(tmp_path / "results", name="mine"),
            **given,
        )

    return make


def test_offline_with_a_dashboard(experiment_of: Any) -> None:
    experiment = experiment_of(space(), wandb={"project": "digits", "mode": "offline"})
    assert (experiment.status, experiment.results, experiment.error) == ("new", None, None)
    experiment.start()
    results = experiment.wait(120)
    assert experiment.status == "finished"
    assert experiment.results is results
    assert results.get_best_result().config["x"] == 2
    assert experiment.path.endswith("mine")
    assert list(experiment.logger.audit()["logged"]) == [3, 3]
    assert experiment.dashboard.board.snapshot().counts["done"] == 2
    assert experiment.dashboard.page.mode == "offline"


def test_online_the_page_is_the_groups(
    experiment_of: Any, wire_server: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OVERRIDE, "jupyterlab")
    settings = {"project": "digits", "api_key": wire_server.api_key, "host": wire_server.url}
    experiment = experiment_of(space(), wandb=settings)
    experiment.start()
    experiment.wait(120)
    experiment.dashboard.refresh()
    page = f"{wire_server.url}/{wire_server.entity}/digits/groups/mine/workspace?jupyter=true"
    assert page in experiment.dashboard.page.frame.value
    assert len(wire_server.runs) == 2
    trials = [value for _, value in experiment.dashboard.page.choice.options[2:]]
    assert set(trials) == set(wire_server.runs)


@pytest.mark.parametrize("place", ["settings", "entry"])
def test_the_key_reaches_no_file(
    experiment_of: Any, tmp_path: Path, place: str, wire_server: WireServer
) -> None:
    wire_server.accepted_keys = {KEY}
    entry = {"project": "digits", "api_key": KEY, "host": wire_server.url}
    if place == "settings":
        experiment = experiment_of(space(), wandb=entry)
    else:
        experiment = experiment_of(space(wandb=entry))
    experiment.start()
    experiment.wait(120)
    assert experiment.logger.mode == "online"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_logger_among_the_callbacks_is_the_one_that_is_shown(tmp_path: Path) -> None:
    logger = WandbLogger(mode="offline")
    config = run_config(tmp_path, callbacks=[logger])
    experiment = Experiment(quick, run_config=config)
    assert experiment.logger is logger
    with pytest.raises(SettingsError, match="W&B is set twice"):
        Experiment(quick, run_config=config, wandb={"project": "p"})
    with pytest.raises(SettingsError, match="but it is a str"):
        Experiment(quick, wandb="digits")  # type: ignore[arg-type]


def test_without_wandb_and_without_a_dashboard(experiment_of: Any) -> None:
    experiment = experiment_of(space(), dashboard=False)
    assert experiment.logger is None
    assert experiment.dashboard is None
    experiment.start()
    assert len(experiment.wait(120)) == 2


def test_a_dashboard_made_before_shows_the_search(experiment_of: Any) -> None:
    dashboard = Dashboard(height=500)
    settings = {"project": "digits", "mode": "offline"}
    experiment = experiment_of(space(), wandb=settings, dashboard=dashboard)
    assert experiment.dashboard is dashboard
    experiment.start()
    experiment.wait(120)
    assert dashboard.board.snapshot().counts["done"] == 2
    assert dashboard.board.snapshot().metric == "score"
    assert dashboard.page.mode == "offline"


def test_a_dashboard_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="a Dashboard, but it is a str"):
        Experiment(quick, dashboard="yes")  # type: ignore[arg-type]


def test_what_is_sampled_logarithmically_is_known() -> None:
    experiment = Experiment(
        quick,
        param_space={
            "lr": tune.loguniform(1e-4, 1e-1),
            "net": {"width": tune.qlograndint(8, 64, 8), "drop": tune.uniform(0, 1)},
        },
    )
    assert experiment.dashboard is not None
    types = experiment.dashboard.board.snapshot().types
    assert [name for name, kind in types.items() if kind.log] == ["lr", "net/width"]
    assert wandb.run is None
