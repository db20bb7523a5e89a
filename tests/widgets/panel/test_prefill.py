from __future__ import annotations

from typing import Any

import pytest

from tests.widgets.panels import (
    KEY,
    space,
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.widgets.panel.prefill import initial_texts

pytestmark = pytest.mark.usefixtures("no_key")


def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(TypeError, match="has no field 'sampels'; it has host, offline"):
        SetupPanel(train, sampels=4)
    with pytest.raises(TypeError, match=r"given to tw\.login\(\)") as caught:
        SetupPanel(train, api_key=KEY)
    assert KEY not in str(caught.value)


def test_the_entry_fills_the_account_and_its_key_goes_into_memory() -> None:
    entry = {"project": "digits", "api_key": KEY, "mode": "offline", "tags": ["a"]}
    panel = SetupPanel(train, space(wandb=entry))
    assert panel.plan.wandb == {"project": "digits", "tags": ["a"], "mode": "offline"}
    credential = panel.form.account.credential()
    assert credential is not None
    assert credential.key.reveal() == KEY
    assert list(panel.search_space) == ["x"]


def test_the_project_of_the_environment_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "digits")
    assert initial_texts(None, None) == {"project": "digits"}


@pytest.mark.parametrize(
    "entry", [{"wandb": {"project": "mine"}}, {"wandb": {"project": "mine", "group": lambda: 1}}]
)
def test_the_entry_wins_over_the_environment(
    entry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "digits")
    assert initial_texts(None, entry) == {"project": "mine"}
