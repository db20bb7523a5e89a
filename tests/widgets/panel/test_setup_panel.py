"""The setup panel through its children, without a browser."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ray import tune

from tests.trainable_functions import endless, failing, quick, resumable
from tests.tuning.form.test_setup import TYPED
from tests.widgets.dashboard.test_dashboard import Tags
from tests.wire import WireServer
from tune_wandb_nb import SearchSpace, SetupError, SetupPanel, login, logout
from tune_wandb_nb.tuning.distributions.base import Constant
from tune_wandb_nb.tuning.distributions.registry import KINDS
from tune_wandb_nb.tuning.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.last_setup import STATE_DIR, recall
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.space_row import SpaceRow

KEY = "abcdef0123" * 4
EVIL = '<img src=x onerror="hacked()">'


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, wandb_home: Path) -> Iterator[None]:
    """No key of this machine, and no setup of another test."""
    for name in [n for n in os.environ if n.startswith("WANDB_") and not n.endswith("_DIR")]:
        if name != "WANDB_SERVICE":
            monkeypatch.delenv(name)
    monkeypatch.setenv(STATE_DIR, str(wandb_home / "state"))
    yield
    logout()


def train(config: dict[str, Any]) -> dict[str, float]:
    return {"val_loss": config["lr"] * config.get("momentum", 0.9), "accuracy": 1.0}


def space(**more: Any) -> dict[str, Any]:
    return {"x": tune.grid_search([1, 2]), **more}


def messages(panel: SetupPanel) -> dict[str, str]:
    """What stands below the fields."""
    said = {name: one.message.value for name, one in panel.fields.items()}
    return {name: html for name, html in said.items() if 'class="twn-said bad"' in html}


def widgets(root: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield root
    for child in getattr(root, "children", ()):
        yield from widgets(child)


def every_html(panel: SetupPanel) -> str:
    found = (w.value for w in widgets(panel) if isinstance(w, ipywidgets.HTML))
    return "\n".join(found)


def start_button(panel: SetupPanel) -> ipywidgets.Button:
    return next(w for w in widgets(panel) if getattr(w, "description", "").startswith("Start"))


def button(panel: SetupPanel, title: str) -> ipywidgets.Button:
    return next(w for w in widgets(panel) if getattr(w, "description", "") == title)


class TestFirst:
    def test_rows_and_metrics_come_from_the_functions_source(self) -> None:
        panel = SetupPanel(train)
        assert [row.name for row in panel.space.rows] == ["lr", "momentum"]
        assert panel.fields["metric"].text == "val_loss"
        assert panel.fields["mode"].text == "min"
        assert panel.fields["metric"].control.options == ("val_loss", "accuracy")
        assert panel.problems == ()
        assert not start_button(panel).disabled

    def test_rows_come_from_the_space_and_give_it_back(self) -> None:
        given = {"lr": tune.loguniform(1e-4, 1e-1), "net": {"init": print, "n": tune.randint(1, 5)}}
        panel = SetupPanel(train, given)
        assert panel.search_space == SearchSpace.from_param_space(given)
        assert panel.search_space.to_param_space()["net"]["init"] is print
        kept = panel.space.row("net/init")
        assert kept.kind.disabled
        assert kept.texts == {}

    def test_arguments_fill_fields(self) -> None:
        panel = SetupPanel(
            train, metric="accuracy", mode="max", project="digits", samples=4, tags=["a", "b"]
        )
        plan = panel.plan
        assert (plan.metric, plan.mode, plan.samples) == ("accuracy", "max", 4)
        assert plan.wandb["tags"] == ["a", "b"]

    def test_suggestions_are_texts_and_no_html(self) -> None:
        panel = SetupPanel(train)
        panel.fields["metric"].suggest(["loss", "", EVIL, "a&b", "val/loss"])
        assert panel.fields["metric"].control.options == ("loss", "val/loss")

    def test_a_wrong_argument_is_named(self) -> None:
        with pytest.raises(TypeError, match="has no field 'sampels'; it has host, offline"):
            SetupPanel(train, sampels=4)
        with pytest.raises(TypeError, match=r"given to tw\.login\(\)") as caught:
            SetupPanel(train, api_key=KEY)
        assert KEY not in str(caught.value)

    def test_the_entry_fills_the_account_and_its_key_goes_into_memory(self) -> None:
        entry = {"project": "digits", "api_key": KEY, "mode": "offline", "tags": ["a"]}
        panel = SetupPanel(train, space(wandb=entry))
        assert panel.plan.wandb == {"project": "digits", "tags": ["a"], "mode": "offline"}
        credential = panel.form.account.credential()
        assert credential is not None
        assert credential.key.reveal() == KEY
        assert list(panel.search_space) == ["x"]

    def test_without_a_function_there_is_a_form_but_no_start(self) -> None:
        panel = SetupPanel(metric="loss")
        assert panel.search_space == SearchSpace()
        assert start_button(panel).disabled
        with pytest.raises(SetupError, match="there is no training function"):
            panel.start()
        panel.trainable = train
        assert list(panel.search_space) == ["lr", "momentum"]
        assert not start_button(panel).disabled


class TestRows:
    def test_added_duplicated_moved_and_removed(self) -> None:
        panel = SetupPanel(train)
        editor = panel.space
        editor.lines[0].buttons["copy"].click()
        assert [row.name for row in editor.rows] == ["lr", "lr_2", "momentum"]
        editor.lines[2].buttons["up"].click()
        editor.lines[0].buttons["down"].click()
        assert [row.name for row in editor.rows] == ["momentum", "lr", "lr_2"]
        gone = editor.lines[1]
        gone.buttons["remove"].click()
        gone.buttons["up"].click()
        assert list(panel.search_space) == ["momentum", "lr_2"]
        editor.add.click()
        assert "the name is empty" in editor.lines[2].message.value
        assert start_button(panel).disabled
        editor.lines[2].name.value = "new/name"
        assert panel.search_space.to_param_space()["new"]["name"].upper == 1.0
        assert not start_button(panel).disabled

    def test_what_is_typed_is_there_again_when_the_kind_comes_back(self) -> None:
        row = SetupPanel(train).space.row("lr")
        row.texts["lower"].value = "abc"
        row.kind.value = "choice"
        row.texts["values"].value = "1, 2"
        row.kind.value = "loguniform"
        assert row.texts["lower"].value == "abc"
        assert "lower must be a number" in row.message.value
        assert row.preview.value == ""

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_has_a_preview(self, kind: str) -> None:
        texts = {"lower": "2", "upper": "64", "q": "2", "mean": "0", "sd": "1"}
        texts |= {"values": f"1, 'b', {EVIL!r}", "value": f"'{EVIL}'"}
        row = SpaceRow(Row("a", kind, texts), lambda: None, lambda row, act: None)
        row.show([])
        assert "<svg" in row.preview.value
        assert Tags(row.preview.value).handlers == []

    def test_a_parameter_is_set_from_code(self) -> None:
        panel = SetupPanel(train)
        panel.set_parameter("lr", tune.choice([1, 2]))
        panel.set_parameter("net", {"n": 3})
        assert list(panel.search_space) == ["lr", "momentum", "net/n"]
        assert panel.search_space["net/n"] == Constant(3)
        with pytest.raises(SpaceError, match="lr"):
            panel.set_parameter("lr", tune.uniform(1, 0))


class TestWrong:
    def test_what_is_wrong_stands_below_its_field_and_nothing_starts(self) -> None:
        panel = SetupPanel(train, project="digits")
        panel.fields["samples"].control.value = "0"
        panel.fields["project"].control.value = "a/b"
        assert set(messages(panel)) == {"samples", "project"}
        assert "must be at least 1" in messages(panel)["samples"]
        assert start_button(panel).disabled
        assert "2 things are to be put right first" in every_html(panel)
        with pytest.raises(SetupError, match=r"- samples: must be at least 1, but it is 0\."):
            panel.start()
        assert panel.experiment is None
        assert panel.fields["samples"].text == "0"
        panel.set(samples=1, project="digits")
        assert messages(panel) == {}

    def test_what_is_odd_is_said_and_does_not_keep_from_starting(self) -> None:
        panel = SetupPanel(train, metric="acuracy")
        html = panel.fields["metric"].message.value
        assert "source reports: val_loss, accuracy" in html
        assert 'class="twn-said odd"' in html
        assert not start_button(panel).disabled
        assert [warning.field for warning in panel.warnings] == ["metric"]

    def test_html_is_escaped_wherever_it_is_typed(self) -> None:
        panel = SetupPanel(train)
        for name, one in panel.fields.items():
            if isinstance(one.control, ipywidgets.Dropdown | ipywidgets.Checkbox):
                continue
            panel.form.set_texts({name: EVIL})
        for line in panel.space.lines:
            line.name.value = EVIL
            for text in line.texts.values():
                text.value = EVIL
        for kind in KINDS:
            panel.space.lines[0].kind.value = kind
            assert "onerror" not in Tags(every_html(panel)).handlers
        assert "img" not in Tags(every_html(panel)).found

    def test_html_in_a_plan_that_is_right_is_escaped_too(self) -> None:
        panel = SetupPanel(train, {EVIL.replace("/", ""): tune.choice([EVIL])}, metric=EVIL)
        panel.set(notes=EVIL, tags=EVIL, group=EVIL)
        assert panel.problems == ()
        tags = Tags(every_html(panel))
        assert "img" not in tags.found
        assert set(tags.handlers) == {"onclick"}  # the buttons that copy


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_input_raises_out_of_a_callback(data: st.DataObject) -> None:
    panel = PANELS.setdefault("one", SetupPanel(train))
    names = [n for n, f in panel.fields.items() if not isinstance(f.control, ipywidgets.Dropdown)]
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4)):
        panel.form.set_texts({name: data.draw(TYPED)})
    for name in ("scheduler", "algorithm"):
        options = [value for _, value in panel.fields[name].control.options]
        panel.fields[name].control.value = data.draw(st.sampled_from(options))
    line = panel.space.lines[0]
    line.name.value = data.draw(TYPED)
    line.kind.value = data.draw(st.sampled_from(list(KINDS)))
    for text in line.texts.values():
        text.value = data.draw(TYPED)
    assert start_button(panel).disabled == bool(panel.problems)


PANELS: dict[str, SetupPanel] = {}


class TestKey:
    def test_the_field_is_empty_the_moment_it_is_read(self, wire_server: WireServer) -> None:
        wire_server.accepted_keys = {KEY}
        panel = SetupPanel(train, host=wire_server.url)
        account = panel.form.account
        sent: list[Any] = []
        account.key._send = lambda msg, buffers=None: sent.append(msg)  # to the browser
        account.key.set_state({"value": KEY})  # what comes from it
        assert account.key.value == ""
        assert KEY not in str(sent), "the key must not be echoed"
        if not ipywidgets.__version__.startswith("7"):  # which sends nothing without a kernel
            assert [message["state"] for message in sent] == [{"value": ""}]
        assert account.settled.wait(20)
        assert f"Logged in as {wire_server.entity}" in account.status.value
        assert KEY not in str([w.get_state() for w in widgets(panel)])
        assert panel.fields["entity"].control.options == (wire_server.entity,)
        assert not account.forget.disabled
        account.forget.click()
        assert account.credential() is None
        assert "No key" in account.status.value

    def test_projects_are_suggested(self, wire_server: WireServer, start_run: Any) -> None:
        start_run("one", project="digits").finish()
        panel = SetupPanel(train, host=wire_server.url)
        panel.form.account.key.value = wire_server.api_key
        assert panel.form.account.settled.wait(20)
        assert panel.fields["project"].control.options == ("digits",)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            pytest.param("f" * 40, "refuses the key", id="refused"),
            pytest.param("my secret key", "What was pasted does not hold", id="no-key"),
        ],
    )
    def test_a_wrong_key_is_not_echoed(
        self, wire_server: WireServer, typed: str, said: str
    ) -> None:
        panel = SetupPanel(train, host=wire_server.url)
        panel.form.account.key.value = typed
        assert panel.form.account.settled.wait(20)
        assert said in panel.form.account.status.value
        assert typed not in every_html(panel)

    def test_a_wrong_server_is_named(self) -> None:
        login(KEY)
        panel = SetupPanel(train, host="http://127.0.0.1:1")
        panel.form.account.check.click()
        assert panel.form.account.settled.wait(20)
        assert "http://127.0.0.1:1 cannot be reached" in panel.form.account.status.value
        panel.set(host="nowhere")
        assert "must be the address of a W&amp;B server" in messages(panel)["host"]
        panel.form.account.check.click()
        assert panel.form.account.settled.wait(20)
        assert "cannot be reached" in panel.form.account.status.value

    def test_an_answer_that_comes_too_late_is_not_shown(self, wire_server: WireServer) -> None:
        login(wire_server.api_key)
        wire_server.faults.hang()
        panel = SetupPanel(train, host=wire_server.url)
        panel.form.account.check_key()
        wire_server.wait_for(lambda server: server.faults.hanging == 1)
        panel.set(offline=True)
        assert panel.form.account.settled.is_set()
        wire_server.faults.release()
        wire_server.wait_for(lambda server: server.faults.hanging == 0)
        assert "nothing leaves it" in panel.form.account.status.value

    def test_a_key_found_elsewhere_is_said_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        panel = SetupPanel(train)
        assert "A key is found in WANDB_API_KEY." in panel.form.account.status.value
        assert panel.form.account.forget.disabled
        assert KEY not in str([w.get_state() for w in widgets(panel)])
        monkeypatch.setenv("WANDB_API_KEY", "wrong")
        panel.form.account.show_key_source()
        assert "WANDB_API_KEY does not hold a W&amp;B API key" in panel.form.account.status.value

    def test_the_link_to_the_key_is_the_servers(self) -> None:
        panel = SetupPanel(train)
        assert 'href="https://wandb.ai/authorize"' in panel.form.account.where.value
        panel.set(host="https://wandb.example.com")
        assert 'href="https://wandb.example.com/authorize"' in panel.form.account.where.value

    def test_a_key_typed_elsewhere_is_kept_nowhere(self, tmp_path: Path) -> None:
        panel = SetupPanel(train)
        panel.set(project=KEY, notes=f"key: {KEY}")
        assert "looks like an API key" in messages(panel)["project"]
        panel.save(tmp_path / "setup.json")
        assert KEY not in (tmp_path / "setup.json").read_text()
        assert KEY not in str(recall(train))


class TestOverview:
    def test_trials_samples_code_and_sweep_are_up_to_date(self) -> None:
        panel = SetupPanel(train, space(lr=tune.uniform(0, 1)), samples=3)
        html = every_html(panel)
        assert "6 trials: 3 samples x 2 (grid of x)" in html
        assert ">lr</th>" in html
        assert "tune.grid_search([1, 2])" in html
        assert "the grid" in html or "a grid" in html
        with pytest.raises(SpaceError, match="make the grid a choice"):
            panel.sweep()
        panel.set_parameter("x", 1)
        assert "distribution: uniform" in panel.sweep()
        assert "run_cap: 3" in panel.sweep()
        assert "3 trials" in every_html(panel)
        assert "num_samples=3" in panel.code()

    def test_the_code_names_the_function(self) -> None:
        assert "from tests.widgets.panel.test_setup_panel import train" in SetupPanel(train).code()


class TestSaved:
    def test_what_is_saved_is_loaded(self, tmp_path: Path) -> None:
        panel = SetupPanel(train, space(f=print), samples="wrong", scheduler="asha")
        panel.set(**{"asha.max_t": 7})
        panel.save(tmp_path / "setup.json")
        again = SetupPanel.load(tmp_path / "setup.json", train, space(f=print))
        assert again.setup == panel.setup
        assert messages(again) == messages(panel)
        (tmp_path / "setup.json").write_text("no JSON")
        with pytest.raises(SpaceError, match="a saved setup is JSON"):
            SetupPanel.load(tmp_path / "setup.json", train)

    def test_an_algorithm_that_is_not_here_is_not_lost(self, tmp_path: Path) -> None:
        text = json.dumps({"version": 1, "fields": {"algorithm": "bayesopt"}, "rows": []})
        (tmp_path / "setup.json").write_text(text)
        panel = SetupPanel.load(tmp_path / "setup.json", train)
        assert panel.fields["algorithm"].text == "bayesopt"
        assert "pip install bayes_opt" in messages(panel)["algorithm"]

    def test_the_last_values_are_offered_again(self) -> None:
        first = SetupPanel(train, space(f=print))
        first.set(samples=77, project="digits")
        second = SetupPanel(train)
        assert second.fields["samples"].text == "10"
        button(second, "Use them").click()
        assert second.fields["samples"].text == "77"
        assert list(second.search_space) == ["x"]
        assert "lacks them: f" in every_html(second)
        other = SetupPanel(quick)
        assert recall(quick) is None
        assert "still here" not in every_html(other)

    def test_an_offer_that_cannot_be_read_is_said(self, wandb_home: Path) -> None:
        SetupPanel(train).set(samples=77)
        for path in (wandb_home / "state").iterdir():
            path.write_text('{"version": 99}')
        panel = SetupPanel(train)
        button(panel, "Use them").click()
        assert "the version here is 99" in every_html(panel)
        assert panel.fields["samples"].text == "10"


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
    panel = panel_of(failing, {"x": EVIL}, offline=True)
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
