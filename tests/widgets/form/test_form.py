from __future__ import annotations

import json
from pathlib import Path

import ipywidgets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ray import tune

from tests.forms import TYPED
from tests.widgets.evil import EVIL_IMAGE
from tests.widgets.panels import (
    every_html,
    messages,
    start_button,
    train,
)
from tests.widgets.tags import Tags
from tune_wandb_nb import SetupError, SetupPanel
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.inspection.import_name import code_name
from tune_wandb_nb.widgets.form.form import Form

pytestmark = pytest.mark.usefixtures("no_key")


def test_what_is_wrong_stands_below_its_field_and_nothing_starts() -> None:
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


def test_what_is_odd_is_said_and_does_not_keep_from_starting() -> None:
    panel = SetupPanel(train, metric="acuracy")
    html = panel.fields["metric"].message.value
    assert "source reports: val_loss, accuracy" in html
    assert 'class="twp-said odd"' in html
    assert not start_button(panel).disabled
    assert [warning.field for warning in panel.warnings] == ["metric"]


def test_html_is_escaped_wherever_it_is_typed() -> None:
    panel = SetupPanel(train)
    for name, one in panel.fields.items():
        if isinstance(one.control, ipywidgets.Dropdown | ipywidgets.Checkbox):
            continue
        panel.form.set_texts({name: EVIL_IMAGE})
    for line in panel.space.lines:
        line.name.value = EVIL_IMAGE
        for text in line.texts.values():
            text.value = EVIL_IMAGE
    for kind in KINDS:
        panel.space.lines[0].kind.value = kind
        assert "onerror" not in Tags(every_html(panel)).handlers
    assert "img" not in Tags(every_html(panel)).found


def test_html_in_a_plan_that_is_right_is_escaped_too() -> None:
    panel = SetupPanel(
        train, {EVIL_IMAGE.replace("/", ""): tune.choice([EVIL_IMAGE])}, metric=EVIL_IMAGE
    )
    panel.set(notes=EVIL_IMAGE, tags=EVIL_IMAGE, group=EVIL_IMAGE)
    assert panel.problems == ()
    tags = Tags(every_html(panel))
    assert "img" not in tags.found
    assert set(tags.handlers) == {"onclick"}  # the buttons that copy


PANELS: dict[str, SetupPanel] = {}


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


def test_an_algorithm_that_is_not_here_is_not_lost(tmp_path: Path) -> None:
    text = json.dumps({"version": 1, "fields": {"algorithm": "bayesopt"}, "rows": []})
    (tmp_path / "setup.json").write_text(text)
    panel = SetupPanel.load(tmp_path / "setup.json", train)
    assert panel.fields["algorithm"].text == "bayesopt"
    assert "pip install bayes_opt" in messages(panel)["algorithm"]


def test_several_texts_are_read_once() -> None:
    changes: list[int] = []
    form = Form(lambda: code_name(train, {}), lambda: changes.append(1))
    form.set_texts({"samples": "3", "project": "digits"})
    assert changes == [1]
    assert (form.setup["samples"], form.setup["project"]) == ("3", "digits")
