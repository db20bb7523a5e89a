from __future__ import annotations

import pytest

from tests.widgets.panels import (
    KEY,
    every_html,
    messages,
    train,
    widgets,
)
from tests.wire import WireServer
from tune_wandb_nb import SetupPanel, login

pytestmark = pytest.mark.usefixtures("no_key")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param("f" * 40, "refuses the key", id="refused"),
        pytest.param("my secret key", "What was pasted does not hold", id="no-key"),
    ],
)
def test_a_wrong_key_is_not_echoed(wire_server: WireServer, typed: str, said: str) -> None:
    panel = SetupPanel(train, host=wire_server.url)
    panel.form.account.key.value = typed
    assert panel.form.account.settled.wait(20)
    assert said in panel.form.account.status.value
    assert typed not in every_html(panel)


def test_a_wrong_server_is_named() -> None:
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


def test_an_answer_that_comes_too_late_is_not_shown(wire_server: WireServer) -> None:
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


def test_a_key_found_elsewhere_is_said_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    panel = SetupPanel(train)
    assert "A key is found in WANDB_API_KEY." in panel.form.account.status.value
    assert panel.form.account.forget.disabled
    assert KEY not in str([w.get_state() for w in widgets(panel)])
    monkeypatch.setenv("WANDB_API_KEY", "wrong")
    panel.form.account.show_key_source()
    assert "WANDB_API_KEY does not hold a W&amp;B API key" in panel.form.account.status.value


def test_the_link_to_the_key_is_the_servers() -> None:
    panel = SetupPanel(train)
    assert 'href="https://wandb.ai/authorize"' in panel.form.account.where.value
    panel.set(host="https://wandb.example.com")
    assert 'href="https://wandb.example.com/authorize"' in panel.form.account.where.value
