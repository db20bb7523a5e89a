"""Settings: three sources merged key by key, and every bad value answered in words."""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

KEY = "0123456789abcdef" * 3
resolve = WandbSettings.resolve


def refusal(about: str, arguments: Mapping[str, Any], entry: object = None, **environ: str) -> str:
    """Return what is said when some settings are refused."""
    with pytest.raises(SettingsError, match=about) as caught:
        resolve(arguments, entry, environ)
    return str(caught.value)


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


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("project", "p" * 128, "p" * 128, id="longest-project"),
        pytest.param("project", "größe 3.1_b-c", "größe 3.1_b-c", id="any-other-letter"),
        pytest.param("mode", "online", "online", id="online"),
        pytest.param("mode", "run", "online", id="run"),
        pytest.param("mode", "offline", "offline", id="offline"),
        pytest.param("mode", "dryrun", "offline", id="dryrun"),
        pytest.param("mode", "disabled", "disabled", id="disabled"),
        pytest.param("excludes", ["a", "b/*"], ("a", "b/*"), id="list"),
        pytest.param("excludes", (), (), id="empty-tuple"),
        pytest.param("excludes", (x for x in "ab"), ("a", "b"), id="generator"),
        pytest.param("upload_timeout", 5, 5.0, id="whole-seconds"),
        pytest.param("upload_timeout", 0, 0.0, id="no-seconds"),
        pytest.param("host", "https://w.example.com/", "https://w.example.com", id="host"),
        pytest.param("host", "http://127.0.0.1:80", "http://127.0.0.1:80", id="local-host"),
        pytest.param("dir", Path("a") / "b", "a/b", id="path-object"),
        pytest.param("api_key_file", "~/key", "~/key", id="key-file"),
        pytest.param("best", {"acc": "max", "loss": "min"}, {"acc": "max", "loss": "min"}, id="2"),
        pytest.param("image_kwargs", {"mode": "L"}, {"mode": "L"}, id="image-arguments"),
        pytest.param("video_kwargs", {"fps": 4}, {"fps": 4}, id="video-arguments"),
        pytest.param("log_config", True, True, id="flag"),
        pytest.param("api_key", f" {KEY}\n", ApiKey(KEY), id="key-is-stripped"),
        pytest.param("api_key", ApiKey(KEY), ApiKey(KEY), id="key-object"),
    ],
)
def test_values_are_taken(name: str, value: Any, expected: Any) -> None:
    taken = getattr(resolve({name: value}), name)
    assert taken == expected
    assert type(taken) is type(expected) or isinstance(taken, Mapping)


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
    ("name", "value", "says"),
    [
        pytest.param(
            "mode",
            "onlin",
            ["mode must be 'online', 'offline' or 'disabled'", "got 'onlin'", "Leave it out"],
            id="unknown-mode",
        ),
        pytest.param("mode", "ONLINE", ["got 'ONLINE'"], id="mode-in-capitals"),
        pytest.param("mode", True, ["got True"], id="mode-of-another-type"),
        pytest.param("mode", ["online"], ["got ['online']"], id="mode-in-a-list"),
        pytest.param(
            "excludes",
            "time_total_s",
            ["excludes must be a list of names", "the string 'time_total_s'", "['time_total_s']"],
            id="excludes-bare-string",
        ),
        pytest.param("excludes", 3, ["must be a list of names", "got 3"], id="excludes-number"),
        pytest.param("excludes", ["a", 3], ["each of excludes", "got 3"], id="excludes-item"),
        pytest.param("excludes", [""], ["each of excludes", "got ''"], id="excludes-empty-name"),
        pytest.param(
            "project",
            "team/digits",
            ["refuses the project name 'team/digits'", "it holds /", "goes into entity="],
            id="project-with-team",
        ),
        pytest.param("project", "a:b#c", ["it holds # :"], id="project-two-characters"),
        pytest.param(
            "project", "p" * 129, ["project names over 128 characters", "has 129"], id="long"
        ),
        pytest.param("project", "", ["project must be a non-empty string", "''"], id="no-name"),
        pytest.param("project", " ", ["project must be a non-empty string", "' '"], id="blank"),
        pytest.param("project", 3, ["project must be a non-empty string", "got 3"], id="number"),
        pytest.param("group", "", ["group must be a non-empty string"], id="empty-group"),
        pytest.param("log_config", "yes", ["must be True or False", "got 'yes'"], id="log_config"),
        pytest.param("upload_checkpoints", 1, ["True, False, 'best' or 'last'", "got 1"], id="one"),
        pytest.param("upload_checkpoints", "all", ["'best' or 'last'", "got 'all'"], id="all"),
        pytest.param(
            "upload_checkpoints", "best", ["add best={'accuracy': 'max'}"], id="best-of-what"
        ),
        pytest.param("upload_timeout", -1, ["seconds, 0 or more", "got -1"], id="negative"),
        pytest.param("upload_timeout", math.nan, ["seconds, 0 or more", "got nan"], id="nan"),
        pytest.param("upload_timeout", True, ["seconds, 0 or more", "got True"], id="flag"),
        pytest.param("upload_timeout", "60", ["seconds, 0 or more", "got '60'"], id="text"),
        pytest.param(
            "host", "w.example.com", ["starts with https://", "got 'w.example.com'"], id="host"
        ),
        pytest.param("host", 3, ["host must be a non-empty string", "got 3"], id="host-number"),
        pytest.param("dir", "", ["dir must be a non-empty string"], id="empty-dir"),
        pytest.param("dir", 3, ["dir must be a path", "got 3"], id="dir-number"),
        pytest.param("api_key_file", "", ["api_key_file must be a non-empty"], id="empty-file"),
        pytest.param("api_key_file", 3, ["api_key_file must be a path"], id="file-number"),
        pytest.param(
            "best", "acc", ["'min' or 'max'", "such as {'accuracy': 'max'}", "got 'acc'"], id="best"
        ),
        pytest.param("best", {"acc": "most"}, ["got {'acc': 'most'}"], id="best-of-no-kind"),
        pytest.param("best", {3: "max"}, ["got {3: 'max'}"], id="best-of-no-name"),
        pytest.param("best", {"": "max"}, ["got {'': 'max'}"], id="best-of-an-empty-name"),
        pytest.param("image_kwargs", [1], ["image_kwargs must be a dictionary"], id="image"),
        pytest.param("video_kwargs", "fps", ["video_kwargs must be a dictionary"], id="video"),
        pytest.param(
            "api_key",
            "a" * 20,
            ["api_key does not look like", "40 or more", "it has 20 ch", "wandb.ai/authorize"],
            id="short-key",
        ),
        pytest.param("api_key", "", ["it is empty", "wandb.ai/authorize"], id="empty-key"),
        pytest.param("api_key", " ", ["it is empty", "wandb.ai/authorize"], id="blank-key"),
        pytest.param("api_key", "a b" * 20, ["something other than letters"], id="key-spaces"),
        pytest.param("api_key", 12345, ["it is a int"], id="key-number"),
        pytest.param("api_key", KEY.encode(), ["it is a bytes"], id="key-bytes"),
    ],
)
def test_a_bad_value_is_answered_with_rule_and_value(
    name: str, value: Any, says: list[str]
) -> None:
    for text in (refusal(name, {name: value}), refusal(name, {}, {name: value})):
        assert [part for part in says if part not in text] == []


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


@given(st.from_regex(r"[A-Za-z0-9]{20,39}|[A-Za-z0-9]{40}[ !?:/.][a-z]", fullmatch=True))
def test_a_refused_key_is_not_quoted(key: str) -> None:
    with pytest.raises(SettingsError, match="api_key does not look like") as caught:
        resolve({}, {"api_key": key})
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "name",
    [
        "mode",
        "host",
        "excludes",
        "best",
        "log_config",
        "upload_checkpoints",
        "upload_timeout",
        "image_kwargs",
        "video_kwargs",
    ],
)
def test_a_key_in_the_wrong_place_is_not_quoted(name: str) -> None:
    assert KEY not in refusal(name, {name: KEY})


def test_an_entry_given_as_the_project_is_not_quoted() -> None:
    assert KEY not in refusal("project", {"project": {"project": "p", "api_key": KEY}})


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"api_key": KEY}, id="dictionary"),
        pytest.param("object", id="wandb.Settings"),
    ],
)
def test_a_key_in_the_settings_of_wandb_never_shows(settings: Any) -> None:
    import wandb

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


def test_a_long_value_is_cut_in_an_error_and_no_part_of_a_key_is_left() -> None:
    text = refusal("mode", {"mode": "a " * 25 + KEY})
    assert (KEY[:8] in text, "***" in text) == (False, True)
    assert len(refusal("mode", {"mode": "a " * 500})) < 200
    token = f"eyJhbGciOi.{'x' * 30}.{'y' * 30}"
    assert "eyJ" not in refusal("host", {"host": token})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("host", "https://", id="no-server"),
        pytest.param("host", "https:///path", id="path-alone"),
        pytest.param("upload_timeout", math.inf, id="infinite"),
        pytest.param("upload_timeout", 10**400, id="beyond-a-float"),
    ],
)
def test_values_that_lead_nowhere_are_refused(name: str, value: Any) -> None:
    refusal(name, {name: value})


@pytest.mark.parametrize("value", [{"a": 1}, b"abc", 5], ids=["dictionary", "bytes", "number"])
def test_excludes_that_are_no_list_are_refused(value: Any) -> None:
    assert "excludes must be a list of names" in refusal("excludes", {"excludes": value})
