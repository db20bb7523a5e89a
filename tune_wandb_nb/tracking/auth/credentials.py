import contextlib
import netrc
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tune_wandb_nb.compat.wandb import SAAS_NETRC_HOSTS, default_base_url
from tune_wandb_nb.tracking.settings.api_key import ApiKey, show
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings, checked_key

__all__ = [
    "Credential",
    "find_credential",
    "forget_keys",
    "keep_key",
    "kept_hosts",
    "read_key_file",
    "server_of",
    "use_key",
]

_SETUP_API_KEY_HOOK = "WANDB_SETUP_API_KEY_HOOK"

_kept_keys: dict[str | None, ApiKey] = {}
"""Host, or None for every host -> a key given to `login`."""
_key_of_call: ContextVar[ApiKey | None] = ContextVar("key_of_call", default=None)
"""Of the `tune_wandb_nb.run` or `Experiment` that is running now."""


@dataclass(frozen=True, slots=True)
class Credential:
    key: ApiKey
    source: str


def keep_key(key: ApiKey, host: str | None = None) -> None:
    """None is every server, here and below."""
    _kept_keys[_normalized(host)] = key


def forget_keys(host: str | None = None) -> None:
    if host is None:
        _kept_keys.clear()
    else:
        _kept_keys.pop(_normalized(host), None)


def kept_hosts() -> tuple[str | None, ...]:
    return tuple(_kept_keys)


def server_of(settings: WandbSettings) -> str:
    return default_base_url() if settings.host is None else settings.host


def find_credential(
    settings: WandbSettings, host: str, environ: Mapping[str, str] | None = None
) -> Credential | None:
    """Raises SettingsError if a source that the user named has no usable key."""
    environ = os.environ if environ is None else environ
    if (explicit := _explicit_credential(settings)) is not None:
        return explicit
    if (key := _kept_keys.get(_normalized(host)) or _kept_keys.get(None)) is not None:
        return Credential(key, "tune_wandb_nb.login()")
    for source, read in _implicit_sources(host, environ):
        found = read()
        if found.strip() if isinstance(found, str) else found:
            return Credential(_checked(found, source), source)
    return None


def _explicit_credential(settings: WandbSettings) -> Credential | None:
    if (key := _key_of_call.get()) is not None:
        return Credential(key, "the wandb entry of the config")
    if settings.api_key is not None:
        return Credential(settings.api_key, "the argument api_key")
    if settings.api_key_file is not None:
        return Credential(read_key_file(settings.api_key_file), settings.api_key_file)
    return None


@contextlib.contextmanager
def use_key(key: ApiKey | None) -> Iterator[None]:
    token = _key_of_call.set(key)
    try:
        yield
    finally:
        _key_of_call.reset(token)


def read_key_file(path: str) -> ApiKey:
    """Read a key from the first line of a file."""
    named = f"api_key_file {show(path, longest=200)}"
    try:
        with Path(path).expanduser().open(encoding="utf-8-sig") as file:
            line = file.readline().strip()
    except FileNotFoundError:
        raise SettingsError(
            f"{named} does not exist; write your key from https://wandb.ai/authorize into it, or"
            " give another path. (A key itself goes into api_key.)"
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        # ValueError: no text, or a null byte in the path. RuntimeError: ``~name`` of no user.
        raise SettingsError(
            f"{named} cannot be read ({type(error).__name__});"
            " it must be a text file that holds the key in its first line."
        ) from None
    if not line:
        raise SettingsError(f"{named} is empty; its first line must be the key.")
    return _checked(line, named)


def _implicit_sources(
    host: str, environ: Mapping[str, str]
) -> tuple[tuple[str, Callable[[], str | None]], ...]:
    return (
        ("WANDB_API_KEY", lambda: environ.get("WANDB_API_KEY")),
        ("the Colab secret WANDB_API_KEY", _colab_secret),
        ("the Kaggle secret WANDB_API_KEY", lambda: _kaggle_secret(environ)),
        ("netrc", lambda: _netrc_password(host, environ)),
        (f"the hook {_SETUP_API_KEY_HOOK}", lambda: _key_of_hook(environ)),
    )


def _colab_secret() -> Any:
    # It raises without such a secret, and without access to it.
    with contextlib.suppress(Exception):
        from google.colab import userdata

        return userdata.get("WANDB_API_KEY")
    return None


def _kaggle_secret(environ: Mapping[str, str]) -> Any:
    with contextlib.suppress(Exception):
        if "KAGGLE_KERNEL_RUN_TYPE" in environ:
            from kaggle_secrets import UserSecretsClient

            return UserSecretsClient().get_secret("WANDB_API_KEY")
    return None


def _netrc_password(host: str, environ: Mapping[str, str]) -> str | None:
    named = environ.get("NETRC")
    candidates = [named] if named else ["~/.netrc", "~/_netrc"]
    try:
        path = next((p for c in candidates if (p := Path(c).expanduser()).is_file()), None)
        if path is None:
            return None
        entries = netrc.netrc(path)
    except (netrc.NetrcParseError, OSError, ValueError, RuntimeError):
        return None  # The user has not named this file.
    name = urlsplit(host).netloc.lower()
    for candidate in (name, SAAS_NETRC_HOSTS.get(name, name)):
        found = entries.authenticators(candidate)
        if found and found[2]:
            return found[2]
    return None


def _key_of_hook(environ: Mapping[str, str]) -> Any:
    name = environ.get(_SETUP_API_KEY_HOOK)
    if not name:
        return None
    try:
        return pkgutil.resolve_name(name)()
    except Exception as error:
        raise SettingsError(
            f"the hook {_SETUP_API_KEY_HOOK}={show(name)} failed with {type(error).__name__};"
            " it must be the dotted name of a function that returns the API key."
        ) from None


def _checked(value: object, source: str) -> ApiKey:
    return checked_key(value, f"{source} does not hold")


def _normalized(host: str | None) -> str | None:
    return host.rstrip("/").lower() if host else None
