"""Whether a run goes online, and with which key: one decision for driver, trial and upload."""

from __future__ import annotations

import pickle

import pytest

from tune_wandb_nb.tracking.auth.access import CheckedKey, decide_access
from tune_wandb_nb.tracking.auth.credentials import forget_keys, keep_key
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

KEY, OTHER = ApiKey("a" * 40), ApiKey("b" * 40)
HOST = "https://wandb.example.com"


def settings(**given: object) -> WandbSettings:
    return WandbSettings.resolve({"host": HOST, **given})


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_mode_that_was_asked_for_is_final(mode: str) -> None:
    access = decide_access(settings(mode=mode, api_key=KEY), {"WANDB_API_KEY": "a" * 40})
    assert (access.mode, access.key, access.check, access.lacks_key) == (mode, None, None, False)


def test_a_key_makes_it_online_once_the_server_takes_it() -> None:
    access = decide_access(settings(api_key=KEY), {})
    assert (access.mode, access.key) == ("online", KEY)
    assert access.check is not None
    assert (access.check.host, access.check.key) == (HOST, KEY)


def test_the_environment_that_is_given_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "b" * 40)
    monkeypatch.setenv("NETRC", "/nowhere")
    assert decide_access(settings()).key == OTHER
    assert decide_access(settings(), {"WANDB_API_KEY": "a" * 40}).key == KEY


def test_without_any_key_it_is_offline_and_says_so() -> None:
    access = decide_access(settings(), {"NETRC": "/nowhere"})
    assert (access.mode, access.key, access.lacks_key) == ("offline", None, True)


def test_an_identity_token_needs_no_key() -> None:
    environ = {"NETRC": "/nowhere", "WANDB_IDENTITY_TOKEN_FILE": "/token"}
    access = decide_access(settings(), environ)
    assert (access.mode, access.key, access.check) == ("online", None, None)


def test_mode_online_needs_a_key_too() -> None:
    assert decide_access(settings(mode="online"), {"NETRC": "/nowhere"}).mode == "offline"


def test_a_key_file_without_a_key_is_an_error(tmp_path: object) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        decide_access(settings(api_key_file=f"{tmp_path}/none"), {})


class TestInATrial:
    def test_a_key_that_the_driver_has_checked_is_not_checked_again(self) -> None:
        sent = CheckedKey(KEY, is_checked=True)
        access = decide_access(settings(), {}, sent=sent)
        assert (access.mode, access.key, access.check) == ("online", KEY, None)

    def test_a_key_that_nobody_has_checked_is_checked(self) -> None:
        access = decide_access(settings(), {}, sent=CheckedKey(KEY))
        assert access.check is not None
        assert (access.mode, access.check.key) == ("online", KEY)

    def test_a_refused_key_means_offline_with_the_reason(self) -> None:
        sent = CheckedKey(KEY, "the server is down", is_checked=True)
        access = decide_access(settings(), {}, sent=sent)
        assert (access.mode, access.note) == ("offline", "offline: the server is down")

    def test_a_node_with_a_key_of_its_own_uses_it_where_the_driver_has_none(self) -> None:
        keep_key(OTHER)
        try:
            access = decide_access(settings(), {}, sent=CheckedKey(is_checked=True))
        finally:
            forget_keys()
        assert (access.mode, access.key) == ("online", OTHER)

    def test_a_message_with_a_key_becomes_the_same_again_and_no_pickle_holds_the_key(self) -> None:
        for sent in (CheckedKey(KEY, None, is_checked=True), CheckedKey(None, "down", True)):
            assert CheckedKey.unpack(sent.pack()) == sent
        assert b"a" * 40 not in pickle.dumps(CheckedKey(KEY))
        assert "a" * 40 not in repr(CheckedKey(KEY))
