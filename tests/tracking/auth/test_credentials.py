"""The API key: found in the right place, refused in words, and never written anywhere."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.auth.credentials import (
    find_credential,
    read_key_file,
    use_key,
)
from tune_wandb_nb.tracking.broker.login import login, logout
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

SAAS = "https://api.wandb.ai"
OWN = "https://wandb.example.com"
KEYS = {name: f"{number}" * 40 for number, name in enumerate(["a", "b", "c", "d", "e", "f"])}
KEY = KEYS["a"]


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("WANDB_API_KEY", "NETRC", "WANDB_SETUP_API_KEY_HOOK", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    logout()
    yield
    logout()


def find(
    host: str = SAAS, environ: dict[str, str] | None = None, **given: Any
) -> tuple[str, str] | None:
    """Return the key that is found and its source."""
    found = find_credential(WandbSettings.resolve(given), host, environ or {})
    return (found.key.reveal(), found.source) if found else None


def netrc(text: str, name: str = ".netrc") -> Path:
    path = Path.home() / name
    path.write_text(text)
    return path


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for Colab's secrets; `get` can be replaced."""
    userdata = SimpleNamespace(get={"WANDB_API_KEY": KEYS["c"]}.__getitem__)
    module = ModuleType("google.colab")
    module.userdata = userdata  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.colab", module)
    return userdata


@pytest.fixture
def kaggle(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stand in for Kaggle's secrets."""

    class UserSecretsClient:
        def get_secret(self, name: str) -> str:
            return {"WANDB_API_KEY": KEYS["d"]}[name]

    module = ModuleType("kaggle_secrets")
    module.UserSecretsClient = UserSecretsClient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kaggle_secrets", module)
    return module


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], dict[str, str]]:
    """Make a function the hook; returns the environment that names it."""

    def install(function: Callable[[], Any]) -> dict[str, str]:
        module = ModuleType("platform_hooks")
        module.key = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "platform_hooks", module)
        return {"WANDB_SETUP_API_KEY_HOOK": "platform_hooks.key"}

    return install


# The order


def test_with_nothing_anywhere_there_is_no_key() -> None:
    assert find() is None
    assert find_credential(WandbSettings(), SAAS) is None


def test_the_first_source_that_has_a_key_wins(
    colab: SimpleNamespace, kaggle: ModuleType, hook: Any
) -> None:
    environ = {"WANDB_API_KEY": KEYS["b"], "KAGGLE_KERNEL_RUN_TYPE": "Interactive"}
    environ |= hook(lambda: KEYS["f"])
    file = netrc(f"machine api.wandb.ai login user password {KEYS['e']}\n")
    login("9" * 40)
    with use_key(ApiKey("7" * 40)):
        of_the_call = ("7" * 40, "the wandb entry of the config")
        assert find(environ=environ, api_key="8" * 40) == of_the_call
    assert find(environ=environ, api_key="8" * 40) == ("8" * 40, "the argument api_key")
    assert find(environ=environ) == ("9" * 40, "tune_wandb_nb.login()")
    logout()
    assert find(environ=environ) == (KEYS["b"], "WANDB_API_KEY")
    environ["WANDB_API_KEY"] = " "
    assert find(environ=environ) == (KEYS["c"], "the Colab secret WANDB_API_KEY")
    colab.get = {}.__getitem__
    assert find(environ=environ) == (KEYS["d"], "the Kaggle secret WANDB_API_KEY")
    del environ["KAGGLE_KERNEL_RUN_TYPE"]
    assert find(environ=environ) == (KEYS["e"], "netrc")
    file.unlink()
    assert find(environ=environ) == (KEYS["f"], "the hook WANDB_SETUP_API_KEY_HOOK")
    assert find() is None


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    found = find_credential(WandbSettings(), SAAS)
    assert found is not None
    assert (found.key, found.source) == (ApiKey(KEY), "WANDB_API_KEY")
    assert find_credential(WandbSettings(), SAAS, {}) is None
    assert KEY not in repr(found)


def test_an_unusable_key_is_refused_where_it_stands() -> None:
    netrc(f"machine api.wandb.ai login user password {KEY}\n")
    with pytest.raises(SettingsError, match=r"^WANDB_API_KEY does not hold a W&B API key"):
        find(environ={"WANDB_API_KEY": "0" * 12})


# use_key


def test_the_key_of_a_call_is_used_within_it_alone() -> None:
    with use_key(ApiKey(KEYS["a"])):
        with use_key(ApiKey(KEYS["b"])):
            assert find() == (KEYS["b"], "the wandb entry of the config")
        assert find() == (KEYS["a"], "the wandb entry of the config")
        with use_key(None):
            assert find() is None
    assert find() is None
    with pytest.raises(KeyError, match="search"), use_key(ApiKey(KEY)):
        raise KeyError("search")
    assert find() is None


# Key files


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(KEY, id="bare"),
        pytest.param(f"  {KEY}\t\r\n", id="blanks-around"),
        pytest.param(f"{KEY}\nsecond line\n", id="more-lines"),
    ],
)
def test_the_first_line_of_the_file_is_the_key(content: str) -> None:
    Path("key").write_text(content)
    assert read_key_file("key") == ApiKey(KEY)
    assert find(api_key_file="key") == (KEY, "key")


def test_the_home_folder_is_expanded() -> None:
    (Path.home() / "key").write_text(KEY)
    assert find(api_key_file="~/key") == (KEY, "~/key")


def test_a_key_file_wins_over_a_login() -> None:
    Path("key").write_text(KEYS["b"])
    login(KEYS["a"])
    assert find(environ={"WANDB_API_KEY": KEYS["c"]}, api_key_file="key") == (KEYS["b"], "key")


def no_file(path: Path) -> None:
    """Leave it missing."""


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(
            no_file,
            ["does not exist", "https://wandb.ai/authorize", "or give another path"],
            id="missing",
        ),
        pytest.param(
            lambda path: path.write_bytes(b""),
            ["is empty", "first line must be the key"],
            id="empty",
        ),
        pytest.param(
            lambda path: path.write_text(f"\n{KEY}"),
            ["is empty", "first line must be the key"],
            id="empty-first-line",
        ),
        pytest.param(
            Path.mkdir, ["cannot be read (IsADirectoryError)", "must be a text file"], id="folder"
        ),
        pytest.param(
            lambda path: path.write_bytes(KEY.encode("utf-16")),
            ["cannot be read (UnicodeDecodeError)", "must be a text file"],
            id="utf-16",
        ),
        pytest.param(
            lambda path: path.write_text(KEY[:20]),
            ["does not hold a W&B API key", "it has 20 characters", "https://wandb.ai/authorize"],
            id="short",
        ),
        pytest.param(
            lambda path: path.write_text(f"WANDB_API_KEY={KEY}"),
            ["does not hold a W&B API key", "something other than letters"],
            id="assignment",
        ),
    ],
)
def test_a_key_file_that_cannot_be_used_is_refused(
    make: Callable[[Path], Any], says: list[str]
) -> None:
    make(Path("my-key"))
    with pytest.raises(SettingsError, match=r"api_key_file 'my-key'") as caught:
        find(api_key_file="my-key")
    assert [part for part in says if part not in str(caught.value)] == []
    told = "".join(traceback.format_exception(caught.value))
    assert KEY[:20] not in told


def test_a_key_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SettingsError, match=r"'key' cannot be read \(PermissionError\)"):
        read_key_file("key")


@given(st.from_regex(r"[a-f0-9]{20,39}|[a-f0-9]{40}[!?.;]", fullmatch=True))
def test_a_refused_key_is_not_quoted_whichever_way_it_came(text: str) -> None:
    Path("key").write_text(text)
    for way in (
        lambda: find(api_key_file="key"),
        lambda: find(environ={"WANDB_API_KEY": text}),
        lambda: login(text),
    ):
        with pytest.raises(SettingsError, match="does not hold a W&B API key") as caught:
            way()
        assert text not in str(caught.value)


def test_a_key_given_as_the_key_file_is_not_quoted() -> None:
    with pytest.raises(SettingsError, match="api_key_file") as caught:
        find(api_key_file=KEY)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("path", ["~no-such-user/key", "a\0b"], ids=["no-such-user", "null-byte"])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match="api_key_file"):
        read_key_file(path)


def test_a_key_file_may_start_with_a_byte_order_mark() -> None:
    Path("key").write_text(KEY, encoding="utf-8-sig")
    assert read_key_file("key") == ApiKey(KEY)


# Notebook secrets


def test_a_colab_secret_that_may_not_be_read_is_none(colab: SimpleNamespace) -> None:
    def refuse(name: str) -> str:
        raise PermissionError(name)

    colab.get = refuse
    assert find() is None
    colab.get = {"WANDB_API_KEY": None}.__getitem__
    assert find() is None


def test_kaggle_is_asked_only_on_kaggle(kaggle: ModuleType) -> None:
    assert find() is None
    environ = {"KAGGLE_KERNEL_RUN_TYPE": "Batch"}
    assert find(environ=environ) == (KEYS["d"], "the Kaggle secret WANDB_API_KEY")
    del kaggle.UserSecretsClient
    assert find(environ=environ) is None


# netrc


@pytest.mark.parametrize(
    ("host", "machine"),
    [
        pytest.param(SAAS, "api.wandb.ai", id="hosted"),
        pytest.param("https://api.forge.coreweave.com", "api.wandb.ai", id="hosted-by-its-alias"),
        pytest.param(OWN, "wandb.example.com", id="self-hosted"),
        pytest.param("http://localhost:8080", "localhost:8080", id="with-a-port"),
    ],
)
def test_netrc_is_read_for_the_host(host: str, machine: str) -> None:
    netrc(
        f"machine other.example.com login user password {KEYS['b']}\n"
        f"machine {machine} login user password {KEYS['a']}\n"
    )
    assert find(host) == (KEYS["a"], "netrc")
    assert find("https://third.example.com") is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("nonsense here", id="nonsense"),
        pytest.param(f"machine api.wandb.ai password {KEY} and more", id="cut"),
        pytest.param("machine api.wandb.ai login user\n", id="no-password"),
    ],
)
def test_a_netrc_without_a_key_is_none(content: str) -> None:
    netrc(content)
    assert find() is None


def test_the_netrc_file_is_the_one_that_wandb_reads(tmp_path: Path) -> None:
    entry = "machine api.wandb.ai login user password {}\n".format
    netrc(entry(KEYS["a"]), "_netrc")
    assert find() == (KEYS["a"], "netrc")
    netrc(entry(KEYS["b"]))
    assert find() == (KEYS["b"], "netrc")
    (tmp_path / "third").write_text(entry(KEYS["c"]))
    assert find(environ={"NETRC": str(tmp_path / "third")}) == (KEYS["c"], "netrc")
    assert find(environ={"NETRC": str(tmp_path / "none")}) is None
    netrc(entry(KEYS["d"]), "fourth")
    assert find(environ={"NETRC": "~/fourth"}) == (KEYS["d"], "netrc")


def test_a_netrc_that_is_no_text_is_none() -> None:
    (Path.home() / ".netrc").write_bytes(b"machine api.wandb.ai login \xff password \xff\n")
    assert find() is None
    assert find(environ={"NETRC": "~no-such-user/netrc"}) is None


# Ray's hook


@pytest.mark.parametrize("answer", [None, "", " "], ids=["None", "empty", "blank"])
def test_a_hook_may_have_no_key(hook: Any, answer: str | None) -> None:
    assert find(environ=hook(lambda: answer)) is None


def test_a_failing_hook_is_named_without_what_it_says(hook: Any) -> None:
    def fail() -> str:
        raise ConnectionError(KEY)

    with pytest.raises(SettingsError, match=r"'platform_hooks.key' failed with Conn") as caught:
        find(environ=hook(fail))
    assert "must be the dotted name of a function" in str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("no_such_module.key", id="no-module"),
        pytest.param("sys.no_such_function", id="no-function"),
        pytest.param("not a name", id="no-name"),
        pytest.param("sys.path", id="not-callable"),
    ],
)
def test_a_hook_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="WANDB_SETUP_API_KEY_HOOK=") as caught:
        find(environ={"WANDB_SETUP_API_KEY_HOOK": name})
    assert repr(name) in str(caught.value)


def test_a_hook_with_an_unusable_key_is_refused(hook: Any) -> None:
    with pytest.raises(SettingsError, match=r"API_KEY_HOOK does not hold.*it has 12 characters"):
        find(environ=hook(lambda: "5" * 12))


@pytest.mark.parametrize("answer", [KEY.encode(), 12345], ids=["bytes", "number"])
def test_a_hook_that_returns_no_string_is_refused(hook: Any, answer: Any) -> None:
    with pytest.raises(SettingsError, match="WANDB_SETUP_API_KEY_HOOK"):
        find(environ=hook(lambda: answer))
