"""The `wandb` entry of a config: found in both places, and parted from its key."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import pytest
import wandb
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.settings import config_entry
from tune_wandb_nb.tracking.settings.config_entry import (
    entry_of,
    own_entry,
    warn_of_exposed_key,
    without_key,
)

KEY = "0123456789abcdef" * 3


@pytest.mark.parametrize(
    ("config", "entry"),
    [
        pytest.param({"lr": 1}, None, id="none"),
        pytest.param({"wandb": {"project": "p"}}, {"project": "p"}, id="top"),
        pytest.param({"logger_config": {"wandb": {"group": "g"}}}, {"group": "g"}, id="RLlib"),
        pytest.param(
            {"wandb": {"name": "1"}, "logger_config": {"wandb": {}}}, {"name": "1"}, id="top-wins"
        ),
        pytest.param(
            {"wandb": None, "logger_config": {"wandb": {"name": "2"}}},
            {"name": "2"},
            id="None-is-none",
        ),
        pytest.param({"wandb": {}, "logger_config": {"wandb": {"a": 2}}}, {}, id="empty-counts"),
        pytest.param({"logger_config": {"other": 1}}, None, id="logger_config-without"),
        pytest.param({"logger_config": "wandb"}, None, id="logger_config-of-another-type"),
        pytest.param({"wandb": True}, None, id="a-flag-of-the-user"),
        pytest.param(
            {"wandb": {"project": "p", "enabled": True}}, None, id="a-section-of-the-user"
        ),
        pytest.param({"wandb": {"projct": "p"}}, {"projct": "p"}, id="a-mistake"),
    ],
)
def test_the_entry_is_found(config: dict[str, Any], entry: object) -> None:
    assert entry_of(config) == entry


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param(None, None, id="none"),
        pytest.param({}, None, id="empty"),
        pytest.param({"project": "p", "tags": ["a"], "run_name": "r"}, None, id="settings"),
        pytest.param({"project": "p", "excludess": ["a"], "use": 1}, None, id="a-mistake"),
        pytest.param(True, "it is True", id="flag"),
        pytest.param("online", "it is 'online'", id="text"),
        pytest.param({"use": True, "project_name": "p"}, "it has 'use', 'project_name'", id="own"),
        pytest.param({"log_freq": 10}, "it has 'log_freq'", id="section"),
    ],
)
def test_an_entry_of_the_users_own_is_told_from_settings(entry: object, reason: str | None) -> None:
    assert own_entry({"wandb": entry}) == reason
    assert own_entry({"logger_config": {"wandb": entry}}) == reason


@pytest.mark.parametrize(
    ("config", "clean"),
    [
        pytest.param({"lr": 1}, {"lr": 1}, id="no-entry"),
        pytest.param({"api_key": "mine"}, {"api_key": "mine"}, id="a-hyperparameter-of-that-name"),
        pytest.param(
            {"lr": 1, "wandb": {"project": "p", "api_key": KEY}},
            {"lr": 1, "wandb": {"project": "p"}},
            id="key",
        ),
        pytest.param({"wandb": {"api_key_file": "f"}}, {"wandb": {}}, id="file"),
        pytest.param(
            {"logger_config": {"wandb": {"api_key": KEY, "group": "g"}, "type": 1}},
            {"logger_config": {"wandb": {"group": "g"}, "type": 1}},
            id="RLlib",
        ),
        pytest.param(
            {"wandb": {"api_key": KEY}, "logger_config": {"wandb": {"api_key": KEY}}},
            {"wandb": {}, "logger_config": {"wandb": {}}},
            id="both-places",
        ),
        pytest.param(
            {"wandb": None, "logger_config": 3}, {"wandb": None, "logger_config": 3}, id="3"
        ),
    ],
)
def test_the_key_is_taken_out_of_a_copy(config: dict[str, Any], clean: dict[str, Any]) -> None:
    before = copy.deepcopy(config)
    assert without_key(config) == clean
    assert config == before


entries = st.dictionaries(
    st.sampled_from(["project", "api_key", "api_key_file", "tags"]), st.just(KEY)
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "lr": st.floats(),
            "wandb": entries,
            "logger_config": st.fixed_dictionaries({}, optional={"wandb": entries, "b": st.none()}),
        },
    )
)
def test_only_the_credentials_are_taken_out(config: dict[str, Any]) -> None:
    clean = without_key(config)
    assert clean.keys() == config.keys()
    for before, after in [
        (config.get("wandb", {}), clean.get("wandb", {})),
        (
            config.get("logger_config", {}).get("wandb", {}),
            clean.get("logger_config", {}).get("wandb", {}),
        ),
    ]:
        assert after == {k: v for k, v in before.items() if not k.startswith("api_key")}


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"wandb": {"settings": {"api_key": KEY}}}, id="settings"),
        pytest.param({"wandb": {"grid_search": [{"api_key": KEY}]}}, id="grid-search"),
        pytest.param({"wandb": {"settings": wandb.Settings(api_key=KEY)}}, id="settings-object"),
        pytest.param({"logger_config": {"wandb": {"settings": {"api_key": KEY}}}}, id="RLlib"),
    ],
)
def test_the_key_is_found_deeper_in_the_entry(config: dict[str, Any]) -> None:
    before = repr(config)
    assert KEY in before
    assert KEY not in repr(without_key(config))
    assert repr(config) == before


def test_what_is_beside_a_key_deeper_in_the_entry_stays() -> None:
    settings = wandb.Settings(api_key=KEY, console="off")
    clean = without_key({"wandb": {"settings": settings, "tags": ("a", "b")}})
    assert clean == {"wandb": {"settings": {"console": "off"}, "tags": ("a", "b")}}
    choice = {"grid_search": [{"project": "p", "api_key": KEY}, {"project": "q"}]}
    clean = without_key({"wandb": choice})
    assert clean == {"wandb": {"grid_search": [{"project": "p"}, {"project": "q"}]}}


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_entry, "_warned", set())


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
