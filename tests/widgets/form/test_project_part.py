from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.widgets.panels import (
    train,
)
from tests.wire import WireServer
from tune_wandb_nb import SetupPanel

pytestmark = pytest.mark.usefixtures("no_key")


def test_projects_are_suggested(wire_server: WireServer, start_run: Any) -> None:
    start_run("one", project="digits").finish()
    panel = SetupPanel(train, host=wire_server.url)
    panel.form.account.key.value = wire_server.api_key
    assert panel.form.account.settled.wait(20)
    assert panel.fields["project"].control.options == ("digits",)


TICKS = ("sweep", "view", "search_run")


@pytest.mark.parametrize("name", TICKS)
def test_what_is_ticked_is_in_plan_code_and_saved_setup(name: str, tmp_path: Path) -> None:
    panel = SetupPanel(train, project="digits", metric="loss")
    assert panel.plan.wandb == {"project": "digits"}
    panel.fields[name].control.value = True
    assert panel.plan.wandb == {"project": "digits", name: True}
    assert f'"{name}": True' in panel.code()
    panel.save(tmp_path / "setup.json")
    other = SetupPanel.load(tmp_path / "setup.json", train)
    assert other.plan.wandb == panel.plan.wandb
    assert [other.fields[each].control.value for each in TICKS] == [each == name for each in TICKS]
    other.set(**{name: False})
    assert name not in other.plan.wandb


def test_the_wandb_entry_of_a_space_ticks_them() -> None:
    space = {"lr": 0.1, "wandb": {"project": "digits", "sweep": True}}
    panel = SetupPanel(train, space, metric="loss")
    assert panel.plan.wandb == {"project": "digits", "sweep": True}
