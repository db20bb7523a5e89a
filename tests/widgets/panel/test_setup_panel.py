"""The setup panel through its children, without a browser."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests.trainable_functions import endless, failing, quick, resumable
from tests.widgets.evil import EVIL_IMAGE
from tests.widgets.panels import KEY, button, every_html, messages, space, start_button, widgets
from tests.widgets.tags import Tags
from tests.wire import WireServer
from tune_wandb_nb import SearchSpace, SetupError, SetupPanel
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.last_setup import recall

pytestmark = pytest.mark.usefixtures("no_key")


def train(config: dict[str, Any]) -> dict[str, float]:
    return {"val_loss": config["lr"] * config.get("momentum", 0.9), "accuracy": 1.0}


def test_rows_and_metrics_come_from_the_functions_source() -> None:
    panel = SetupPanel(train)
    assert [row.name for row in panel.space.rows] == ["lr", "momentum"]
    assert panel.fields["metric"].text == "val_loss"
    assert panel.fields["mode"].text == "min"
    assert panel.fields["metric"].control.options == ("val_loss", "accuracy")
    assert panel.problems == ()
    assert not start_button(panel).disabled


def test_rows_come_from_the_space_and_give_it_back() -> None:
    given = {"lr": tune.loguniform(1e-4, 1e-1), "net": {"init": print, "n": tune.randint(1, 5)}}
    panel = SetupPanel(train, given)
    assert panel.search_space == SearchSpace.from_param_space(given)
    assert panel.search_space.to_param_space()["net"]["init"] is print
    kept = panel.space.row("net/init")
    assert kept.kind.disabled
    assert kept.texts == {}


def test_arguments_fill_fields() -> None:
    panel = SetupPanel(
        train, metric="accuracy", mode="max", project="digits", samples=4, tags=["a", "b"]
    )
    plan = panel.plan
    assert (plan.metric, plan.mode, plan.samples) == ("accuracy", "max", 4)
    assert plan.wandb["tags"] == ["a", "b"]


def test_without_a_function_there_is_a_form_but_no_start() -> None:
    panel = SetupPanel(metric="loss")
    assert panel.search_space == SearchSpace()
    assert start_button(panel).disabled
    with pytest.raises(SetupError, match="there is no training function"):
        panel.start()
    panel.trainable = train
    assert list(panel.search_space) == ["lr", "momentum"]
    assert not start_button(panel).disabled


def test_a_key_typed_elsewhere_is_kept_nowhere(tmp_path: Path) -> None:
    panel = SetupPanel(train)
    panel.set(project=KEY, notes=f"key: {KEY}")
    assert "looks like an API key" in messages(panel)["project"]
    panel.save(tmp_path / "setup.json")
    assert KEY not in (tmp_path / "setup.json").read_text()
    assert KEY not in str(recall(train))


def test_the_code_names_the_function() -> None:
    assert "from tests.widgets.panel.test_setup_panel import train" in SetupPanel(train).code()


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    panel = SetupPanel(train, space(f=print), samples="wrong", scheduler="asha")
    panel.set(**{"asha.max_t": 7})
    panel.save(tmp_path / "setup.json")
    again = SetupPanel.load(tmp_path / "setup.json", train, space(f=print))
    assert again.setup == panel.setup
    assert messages(again) == messages(panel)
    (tmp_path / "setup.json").write_text("no JSON")
    with pytest.raises(SpaceError, match="a saved setup is JSON"):
        SetupPanel.load(tmp_path / "setup.json", train)


def test_several_metrics_are_modes_to_choose_code_and_saved(tmp_path: Path) -> None:
    drawn = {"x": tune.uniform(0, 1)}
    panel = SetupPanel(train, drawn, algorithm="optuna", metric=["loss", "latency"])
    modes = panel.fields["mode"]
    assert [value for _, value in modes.control.options] == [
        "max, max", "max, min", "min, max", "min, min",
    ]  # fmt: skip
    assert modes.text == "min, min", "as the names suggest"
    panel.set(mode=["min", "max"])
    assert panel.plan.objectives == (("loss", "min"), ("latency", "max"))
    assert 'OptunaSearch(metric=["loss", "latency"], mode=["min", "max"])' in panel.code()
    with pytest.raises(SpaceError, match="a W&B sweep tunes one metric"):
        panel.sweep()
    panel.save(tmp_path / "setup.json")
    assert SetupPanel.load(tmp_path / "setup.json", train, drawn).plan == panel.plan
    panel.set(mode=["max", "max"], metric=["b", "a"])
    assert panel.plan.objectives == (("b", "max"), ("a", "max"))
    panel.fields["metric"].text = "a"
    assert (modes.text, panel.plan.metric) == ("max", "a")


# Real searches


@pytest.fixture
def panel_of(ray_session: None, wandb_core: None, tmp_path: Path) -> Any:
    def make(trainable: Any = quick, given: Any = None, **fields: Any) -> SetupPanel:
        fields = {"metric": "score", "mode": "max", "samples": 1, "name": "mine"} | fields
        panel = SetupPanel(
            trainable, space() if given is None else given, storage=tmp_path / "results", **fields
        )
        assert panel.problems == ()
        return panel

    return make


def test_start_runs_an_experiment_and_folds_the_form(panel_of: Any, tmp_path: Path) -> None:
    panel = panel_of(offline=True, project="digits")
    assert (panel.experiment, panel.results) == (None, None)
    start_button(panel).click()
    assert panel.form.layout.display == "none"
    with pytest.raises(SetupError, match="a search runs already"):
        panel.start()
    results = panel.wait(120)
    assert panel.results is results
    assert [result.config["x"] for result in results] == [1, 2]
    assert panel.experiment.dashboard in list(widgets(panel))
    assert panel.experiment.logger.mode == "offline"
    assert list(panel.experiment.logger.audit()["logged"]) == [3, 3]
    for thread in [t for t in threading.enumerate() if t.name == "setup-panel"]:
        thread.join(30)
    assert "digits · 2 trials · x · highest score" in every_html(panel)
    # The name is taken now: it is said, and the next search gets another.
    assert "will be named &#x27;mine_2&#x27;" in panel.fields["name"].message.value
    start_button(panel).click()
    panel.wait(120)
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["mine", "mine_2"]


def test_stop_and_resume(panel_of: Any) -> None:
    panel = panel_of(endless, {"x": 1}, offline=True)
    with pytest.raises(SetupError, match="no search to resume"):
        panel.resume()
    panel.start()
    board = panel.experiment.dashboard.board
    while not board.snapshot().counts["running"]:
        threading.Event().wait(0.1)
    button(panel, "Stop").click()
    panel.wait(60)
    assert panel.experiment.status == "stopped"
    panel.resume()
    assert panel.experiment.status == "running"
    panel.stop()
    panel.wait(60)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"scheduler": "asha", "asha.max_t": 6}, id="asha"),
        pytest.param({"scheduler": "hyperband", "hyperband.max_t": 6}, id="hyperband"),
        pytest.param({"scheduler": "median", "median.grace_period": 1}, id="median"),
        pytest.param({"scheduler": "pbt", "pbt.perturbation_interval": 2}, id="pbt"),
        pytest.param({"algorithm": "optuna", "optuna.seed": 3}, id="optuna"),
    ],
)
def test_each_scheduler_and_algorithm_runs(panel_of: Any, fields: dict[str, Any]) -> None:
    # Workers take longer to start than to search, and PBT starts many.
    quick = {"samples": 3, "reuse_workers": True}
    panel = panel_of(resumable, {"x": tune.uniform(0, 1)}, offline=True, **quick, **fields)
    panel.start()
    results = panel.wait(200)
    assert (len(results), results.num_errors) == (3, 0)
    assert panel.experiment.status == "finished"


def test_a_failing_trial_is_seen(panel_of: Any) -> None:
    panel = panel_of(failing, {"x": EVIL_IMAGE}, offline=True)
    panel.start()
    assert panel.wait(120).num_errors == 1
    assert "onerror" not in Tags(every_html(panel)).handlers


def test_the_key_is_in_no_file(panel_of: Any, tmp_path: Path, wire_server: WireServer) -> None:
    wire_server.accepted_keys = {KEY}
    panel = panel_of(host=wire_server.url, project="digits")
    panel.form.account.key.value = KEY
    assert panel.form.account.settled.wait(20)
    panel.start()
    panel.wait(120)
    assert panel.experiment.logger.mode == "online"
    assert len(wire_server.runs) == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if KEY.encode() in content(path)]


def content(path: Path) -> bytes:
    """Read a file; one that was renamed meanwhile, as the kept values are, is empty."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
