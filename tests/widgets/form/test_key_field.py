from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from tests.widgets.panels import (
    KEY,
    train,
    widgets,
)
from tests.wire import WireServer
from tune_wandb_nb import SetupPanel

pytestmark = pytest.mark.usefixtures("no_key")


def test_the_field_is_empty_the_moment_it_is_read(wire_server: WireServer) -> None:
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
