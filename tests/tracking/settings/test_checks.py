"""Checks: each value that can be used is taken, every other is refused with rule and value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.settings.refusals import refusal
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.checks import (
    CHECKS,
    SettingsError,
    check_writable,
    checked_key,
)
from tune_wandb_nb.tracking.settings.settings import WandbSettings

KEY = "0123456789abcdef" * 3
resolve = WandbSettings.resolve


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
        pytest.param("project", 3, ["project must be a non-empty string", "got 3"], id="number"),
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


@given(st.from_regex(r"[A-Za-z0-9]{20,39}|[A-Za-z0-9]{40}[ !?:/.][a-z]", fullmatch=True))
def test_a_refused_key_is_not_quoted(key: str) -> None:
    with pytest.raises(SettingsError, match="api_key does not look like") as caught:
        resolve({}, {"api_key": key})
    assert key not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_claim_begins_the_error_of_a_bad_key() -> None:
    assert checked_key(ApiKey(KEY), "the key is not") == checked_key(f" {KEY} ", "the key is not")
    with pytest.raises(SettingsError, match=r"^the key is not a W&B API key .* it has 3 char"):
        checked_key("abc", "the key is not")


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_names_its_setting(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} "):
        CHECKS[name](name, object())


def test_a_missing_folder_is_created_and_left_empty(tmp_path: Path) -> None:
    check_writable(str(tmp_path / "a" / "b"))
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check_writable("~/runs")
    assert (tmp_path / "runs").is_dir()


def test_a_folder_below_a_file_is_refused() -> None:
    Path("file").touch()
    with pytest.raises(SettingsError, match=r"^dir 'file/sub' cannot be written \(Not a dir"):
        check_writable("file/sub")


def test_a_folder_in_which_nothing_can_be_created_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^dir '/proc/self' cannot be written \("):
        check_writable("/proc/self")
