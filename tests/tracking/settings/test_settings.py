"""Settings: three sources merged key by key, and every bad value answered in words."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
import wandb
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.settings.refusals import refusal
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import (
    SettingsError,
    WandbSettings,
    check_project,
    settings_argument,
    with_open_run,
)

KEY = "0123456789abcdef" * 3
resolve = WandbSettings.resolve


def test_nothing_given_is_the_default() -> None:
    assert resolve({}) == resolve({}, None, {}) == WandbSettings()


@pytest.mark.parametrize(
    ("arguments", "entry", "environ", "expected"),
    [
        pytest.param({"project": "a"}, {"project": "b"}, {"WANDB_PROJECT": "c"}, "b", id="entry"),
        pytest.param({"project": "a"}, {"group": "b"}, {"WANDB_PROJECT": "c"}, "a", id="argument"),
        pytest.param({}, {}, {"WANDB_PROJECT": "c"}, "c", id="environment"),
        pytest.param({"project": None}, None, {"WANDB_PROJECT": "c"}, "c", id="None-is-not-given"),
        pytest.param({"project": "a"}, {"project": None}, {}, "a", id="None-in-the-entry"),
        pytest.param({}, {}, {"WANDB_PROJECT": ""}, None, id="empty-variable"),
    ],
)
def test_the_entry_wins_then_the_argument_then_the_environment(
    arguments: dict[str, Any], entry: object, environ: dict[str, str], expected: str | None
) -> None:
    assert resolve(arguments, entry, environ).project == expected


@pytest.mark.parametrize(
    ("environ", "name", "expected"),
    [
        pytest.param({"WANDB_PROJECT": "p"}, "project", "p", id="WANDB_PROJECT"),
        pytest.param({"WANDB_PROJECT_NAME": "p"}, "project", "p", id="WANDB_PROJECT_NAME"),
        pytest.param(
            {"WANDB_PROJECT_NAME": "ray", "WANDB_PROJECT": "p"}, "project", "p", id="W&B's-first"
        ),
        pytest.param({"WANDB_RUN_GROUP": "g"}, "group", "g", id="WANDB_RUN_GROUP"),
        pytest.param({"WANDB_GROUP_NAME": "g"}, "group", "g", id="WANDB_GROUP_NAME"),
        pytest.param(
            {"WANDB_GROUP_NAME": "ray", "WANDB_RUN_GROUP": "g"}, "group", "g", id="W&B's-group"
        ),
        pytest.param({"WANDB_MODE": "dryrun"}, "mode", "offline", id="WANDB_MODE"),
        pytest.param({"WANDB_DIR": "/d"}, "dir", "/d", id="WANDB_DIR"),
        pytest.param({"WANDB_BASE_URL": "https://h"}, "host", "https://h", id="WANDB_BASE_URL"),
        pytest.param({"PROJECT": "p", "WANDB_NAME": "n"}, "project", None, id="others-are-not"),
    ],
)
def test_the_environment_is_read(environ: dict[str, str], name: str, expected: str | None) -> None:
    settings = resolve({}, None, environ)
    assert getattr(settings, name) == expected
    assert settings == WandbSettings(**{name: expected})


def test_what_is_not_ours_goes_to_wandb_init() -> None:
    settings = resolve(
        {"entity": "team", "tags": ["a"], "run_name": "n"}, {"tags": ["b"], "run_id": "r"}
    )
    assert settings.init == {"entity": "team", "tags": ["b"], "name": "n", "id": "r"}
    assert dataclasses.replace(settings, init={}) == WandbSettings(init={})


@pytest.mark.parametrize(
    ("arguments", "entry", "key", "file"),
    [
        pytest.param({"api_key": KEY}, {"api_key_file": "f"}, None, "f", id="file-in-the-entry"),
        pytest.param({"api_key_file": "f"}, {"api_key": KEY}, KEY, None, id="key-in-the-entry"),
        pytest.param({"api_key": KEY}, {"project": "p"}, KEY, None, id="entry-without"),
        pytest.param({"api_key": "b" * 40}, {"api_key": KEY}, KEY, None, id="two-keys"),
        pytest.param({"api_key": KEY, "api_key_file": None}, None, KEY, None, id="None"),
    ],
)
def test_the_stronger_source_names_the_credential(
    arguments: dict[str, Any], entry: object, key: str | None, file: str | None
) -> None:
    settings = resolve(arguments, entry)
    assert settings.api_key == (ApiKey(key) if key else None)
    assert settings.api_key_file == file


@pytest.mark.parametrize(
    ("arguments", "entry"),
    [
        pytest.param({"api_key": KEY, "api_key_file": "f"}, None, id="arguments"),
        pytest.param({}, {"api_key": KEY, "api_key_file": "f"}, id="entry"),
        pytest.param({"api_key": KEY, "api_key_file": "f"}, {"api_key": KEY}, id="overruled"),
    ],
)
def test_two_credentials_in_one_source_are_refused(
    arguments: dict[str, Any], entry: object
) -> None:
    text = refusal("both api_key and api_key_file are given; keep one of them", arguments, entry)
    assert KEY not in text


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        pytest.param("my-project", "str", id="string"),
        pytest.param(KEY, "str", id="key"),
        pytest.param(["project"], "list", id="list"),
        pytest.param(True, "bool", id="flag"),
        pytest.param([("api_key", KEY)], "list", id="pairs"),
    ],
)
def test_an_entry_that_is_not_a_dictionary_is_refused(entry: object, found: str) -> None:
    assert refusal("must be a dictionary", {}, entry) == (
        "the 'wandb' entry of the config must be a dictionary such as"
        f" {{'project': 'my-project'}}, but it is a {found}."
    )


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        pytest.param("WANDB_MODE", "nowhere", "got 'nowhere'", id="mode"),
        pytest.param("WANDB_PROJECT_NAME", "a/b", "'a/b'", id="project"),
        pytest.param("WANDB_BASE_URL", "localhost", "got 'localhost'", id="host"),
    ],
)
def test_a_bad_variable_is_refused_unless_overruled(variable: str, value: str, says: str) -> None:
    refusal(says, {}, **{variable: value})
    better = {"mode": "offline", "project": "p", "host": "https://h"}
    assert resolve(better, None, {variable: value}) == resolve(better)


def test_settings_are_frozen_and_their_own() -> None:
    best, tags = {"acc": "max"}, {"fps": 4}
    settings = resolve({"best": best, "video_kwargs": tags, "entity": "team"})
    best["loss"], tags["fps"] = "min", 9
    assert (settings.best, settings.video_kwargs) == ({"acc": "max"}, {"fps": 4})
    with pytest.raises(dataclasses.FrozenInstanceError, match="project"):
        settings.project = "p"  # type: ignore[misc]
    for mapping in (settings.best, settings.video_kwargs, settings.image_kwargs, settings.init):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["new"] = 1  # type: ignore[index]


def test_settings_do_not_touch_what_they_are_made_of() -> None:
    arguments, entry = {"api_key": KEY, "run_id": "r"}, {"api_key_file": "f", "tags": ["t"]}
    before = (dict(arguments), dict(entry))
    resolve(arguments, entry)
    assert (arguments, entry) == before


def test_settings_survive_pickling_but_for_the_key() -> None:
    given_all = {
        "project": "p",
        "api_key": KEY,
        "excludes": ["a"],
        "best": {"acc": "max"},
        "mode": "online",
        "image_kwargs": {"mode": "L"},
        "tags": ["t"],
    }
    settings = resolve(given_all)
    again = pickle.loads(pickle.dumps(settings))
    assert again == dataclasses.replace(settings, api_key=None)
    with pytest.raises(TypeError, match="does not support item assignment"):
        again.init["new"] = 1


keys = st.from_regex(r"([a-z]{1,8}-)?[A-Za-z0-9_]{40,60}", fullmatch=True)


@given(keys)
def test_the_key_of_settings_never_shows(key: str) -> None:
    settings = resolve({"api_key": key, "project": "p"})
    assert settings.api_key == ApiKey(key)
    shown = [repr(settings), str(settings), f"{settings}", f"{settings.api_key}"]
    assert not any(key in text for text in shown)
    assert key.encode() not in pickle.dumps(settings)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"api_key": KEY}, id="dictionary"),
        pytest.param("object", id="wandb.Settings"),
    ],
)
def test_a_key_in_the_settings_of_wandb_never_shows(settings: Any) -> None:
    given = wandb.Settings(api_key=KEY) if settings == "object" else settings
    resolved = resolve({"settings": given})
    assert KEY not in repr(resolved)
    assert KEY.encode() not in pickle.dumps(resolved)
    assert resolved == resolve({"api_key": KEY})


def test_the_settings_of_wandb_keep_all_but_the_key() -> None:
    before = {"api_key": KEY, "console": "off"}
    resolved = resolve({"settings": before, "api_key": ApiKey(KEY)}, {"project": "p"})
    assert (resolved.api_key, resolved.init) == (ApiKey(KEY), {"settings": {"console": "off"}})
    assert before == {"api_key": KEY, "console": "off"}
    overruled = resolve({"settings": before}, {"api_key_file": "f"})
    assert (overruled.api_key, overruled.api_key_file) == (None, "f")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"api_key": "b" * 40}, "in settings differ; keep one", id="two-keys"),
        pytest.param({"api_key_file": "f"}, "both api_key and api_key_file", id="key-and-file"),
    ],
)
def test_a_second_credential_in_the_settings_of_wandb_is_refused(
    arguments: dict[str, Any], says: str
) -> None:
    assert KEY not in refusal(says, {**arguments, "settings": {"api_key": KEY}})


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"api_key": "a" * 20}, "api_key in settings does not look", id="short-key"),
        pytest.param(KEY, r"settings must be a dictionary or .* got '\*\*\*'", id="bare-key"),
    ],
)
def test_settings_of_wandb_that_cannot_be_used_are_refused(settings: Any, says: str) -> None:
    refusal(says, {"settings": settings})


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param({"console": "off"}, {"console": "off"}, id="dictionary"),
        pytest.param(
            wandb.Settings(console="off", silent=True),
            {"console": "off", "silent": True},
            id="object",
        ),
        pytest.param(wandb.Settings(), {}, id="object-of-defaults"),
    ],
)
def test_what_was_set_is_read_from_either_form(settings: Any, expected: dict[str, Any]) -> None:
    assert settings_argument(settings) == expected


def test_a_dictionary_of_settings_is_copied() -> None:
    settings = {"console": "off"}
    settings_argument(settings)["silent"] = True
    assert settings == {"console": "off"}


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        pytest.param({}, True, id="no-project"),
        pytest.param({"project": "p"}, False, id="project"),
        pytest.param({"mode": "offline"}, True, id="offline-without"),
        pytest.param({"mode": "disabled"}, False, id="disabled-needs-none"),
    ],
)
def test_settings_need_a_project(settings: dict[str, Any], refused: bool) -> None:
    if refused:
        with pytest.raises(SettingsError, match=r"no W&B project was given.*or set WANDB_PROJECT"):
            check_project(resolve(settings))
    else:
        check_project(resolve(settings))


@pytest.mark.parametrize(
    ("given", "mode", "expected"),
    [
        pytest.param({}, "offline", {"project": "mine", "entity": "team"}, id="both"),
        pytest.param(
            {"project": None}, "offline", {"project": "mine", "entity": "team"}, id="none"
        ),
        pytest.param({"project": "p"}, "offline", {"project": "p", "entity": "team"}, id="given"),
        pytest.param({}, "disabled", {}, id="disabled"),
    ],
)
def test_project_and_entity_are_those_of_the_open_run(
    tmp_path: Path, given: dict[str, Any], mode: Any, expected: dict[str, Any]
) -> None:
    with wandb.init(project="mine", entity="team", mode=mode, dir=tmp_path):
        assert with_open_run(given) == expected
    assert with_open_run(given) == given
