"""`login` and `logout`: a key for every server or for one, in memory only, never shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tune_wandb_nb.tracking.auth.credentials import find_credential
from tune_wandb_nb.tracking.broker.login import login, logout
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

SAAS = "https://api.wandb.ai"
OWN = "https://wandb.example.com"
KEYS = {"a": "0" * 40, "b": "1" * 40, "c": "2" * 40}
KEY = KEYS["a"]


@pytest.fixture(autouse=True)
def _logged_out() -> Iterator[None]:
    logout()
    yield
    logout()


def find(host: str = SAAS) -> tuple[str, str] | None:
    """Return the key for a host and its source; nothing of this machine is looked at."""
    found = find_credential(WandbSettings(), host, {"NETRC": "/no/such/file"})
    return (found.key.reveal(), found.source) if found else None


def test_login_is_for_every_host_or_for_one() -> None:
    login(KEYS["a"])
    login(KEYS["b"], host=f"{OWN}/")
    assert find(SAAS) == (KEYS["a"], "tune_wandb_nb.login()")
    assert find(OWN) == find(OWN.upper()) == (KEYS["b"], "tune_wandb_nb.login()")
    login(KEYS["c"])
    assert find(SAAS) == (KEYS["c"], "tune_wandb_nb.login()")
    logout(host=OWN)
    assert find(OWN) == (KEYS["c"], "tune_wandb_nb.login()")
    logout()
    assert find(SAAS) is None


def test_a_login_for_one_host_is_for_no_other() -> None:
    login(KEY, host=OWN)
    assert find(SAAS) is None
    logout(host="https://never.example.com")
    assert find(OWN) == (KEY, "tune_wandb_nb.login()")
    logout()
    assert find(OWN) is None


@pytest.mark.parametrize(
    ("host", "page"),
    [
        pytest.param(None, "https://wandb.ai/authorize", id="hosted"),
        pytest.param(f"{OWN}/", f"{OWN}/authorize", id="self-hosted"),
    ],
)
def test_login_asks_hidden_for_the_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str, page: str
) -> None:
    asked = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return f" {KEY}\n"

    monkeypatch.setattr("getpass.getpass", getpass)
    login(host=host)
    assert asked == [f"W&B API key (from {page}): "]
    assert find(host or SAAS) == (KEY, "tune_wandb_nb.login()")
    assert capsys.readouterr() == ("", "")


def test_login_writes_no_file(tmp_path: Path) -> None:
    login(KEY)
    login(KEY, host=OWN)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("1" * 39, "it has 39 characters", id="short"),
        pytest.param("1" * 40 + "!", "something other than letters", id="other-characters"),
    ],
)
def test_login_refuses_a_key_of_another_shape(key: str, problem: str) -> None:
    login(KEY)
    with pytest.raises(SettingsError, match=r"given to login\(\) does not hold") as caught:
        login(key)
    assert problem in str(caught.value)
    assert "https://wandb.ai/authorize" in str(caught.value)
    assert find() == (KEY, "tune_wandb_nb.login()")


@pytest.mark.parametrize("key", [KEY.encode(), 12345], ids=["bytes", "number"])
def test_login_refuses_what_is_no_string(key: Any) -> None:
    with pytest.raises(SettingsError, match=r"given to login\(\)"):
        login(key)
