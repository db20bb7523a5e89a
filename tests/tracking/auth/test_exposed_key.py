"""A key in a config: warned of once, with every file that Tune writes and the way out."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tune_wandb_nb.tracking.auth import exposed_key
from tune_wandb_nb.tracking.auth.exposed_key import warn_of_exposed_key

KEY = "5e" * 20


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposed_key, "_warned", set())


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"wandb": {"project": "p", "api_key": KEY}}, id="entry"),
        pytest.param({"logger_config": {"wandb": {"api_key": KEY}}}, id="RLlib"),
        pytest.param({"wandb": {"settings": {"api_key": KEY}}}, id="settings"),
    ],
)
def test_a_key_in_the_config_is_warned_of_and_not_shown(config: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="there is an API key in the 'wandb' entry") as caught:
        warn_of_exposed_key(config)
    (text,) = [str(warning.message) for warning in caught]
    assert KEY not in text
    for part in ("tuner.pkl", "params.json", "tune_wandb_nb.login()", "api_key_file", "tw.run"):
        assert part in text
    assert Path(caught[0].filename) == Path(__file__), "the warning points to the caller"


def test_each_key_is_warned_of_once() -> None:
    config = {"wandb": {"api_key": KEY}}
    with pytest.warns(UserWarning, match="there is an API key"):
        warn_of_exposed_key(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_exposed_key(config)
    with pytest.warns(UserWarning, match="there is an API key"):
        warn_of_exposed_key({"wandb": {"api_key": "7f" * 20}})


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="no-entry"),
        pytest.param({"api_key": KEY}, id="hyperparameter"),
        pytest.param({"wandb": {"api_key_file": "~/key"}}, id="key-file"),
        pytest.param({"wandb": {"api_key": KEY, "mode": "nowhere"}}, id="refused-elsewhere"),
        pytest.param({"wandb": KEY}, id="no-dictionary"),
    ],
)
def test_nothing_else_is_warned_of(config: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_exposed_key(config)
