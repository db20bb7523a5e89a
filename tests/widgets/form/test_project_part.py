from __future__ import annotations

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
