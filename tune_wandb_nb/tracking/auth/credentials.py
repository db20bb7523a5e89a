"""Finds the API key for a server. Keys given to `login` are kept in memory, nowhere else."""

import contextlib
import netrc
import os
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
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
"""Host, or None for every host -> the key that `login` was given."""
_kept_lock = threading.Lock()
_key_of_call: ContextVar[ApiKey | None] = ContextVar("key_of_call", default=None)
"""The key from the config of the `tune_wandb_nb.run` or `Experiment` that is running now."""


@dataclass(frozen=True, slots=True)
class Credential:
    key: ApiKey
    source: str


def keep_key(key: ApiKey, host: str | None = None) -> None:
    """Keep a key in this process's memory, for one server or (None) for every server."""
    with _kept_lock:
        _kept_keys[_normalized(host)] = key


def forget_keys(host: str | None = None) -> None:
    """Forget the kept key of one server, or (None) all kept keys."""
    with _kept_lock:
        if host is None:
            _kept_keys.clear()
        else:
            _kept_keys.pop(_normalized(host), None)


def kept_hosts() -> tuple[str | None, ...]:
    with _kept_lock:
        return tuple(_kept_keys)


def server_of(settings: WandbSettings) -> str:
    return default_base_url() if settings.host is None else settings.host


def find_credential(
    settings: WandbSettings, host: str, environ: Mapping[str, str] | None = None
) -> Credential | None:
    """Find the API key for a server: the first source that has a key wins.

    The order: the key of the running call (`use_key`), ``api_key`` or ``api_key_file`` of the
    settings, `login`, ``WANDB_API_KEY``, the secrets of Colab and Kaggle, netrc (where ``wandb
    login`` writes it), and last the hook of Ray's integration. Raises SettingsError if a source
    that the user named has no usable key.
    """
    environ = os.environ if environ is None else environ
    if (explicit := _explicit_credential(settings)) is not None:
        return explicit
    with _kept_lock:
        key = _kept_keys.get(_normalized(host)) or _kept_keys.get(None)
    if key is not None:
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
    """Read a key from the first line of a file; ``~`` and a byte order mark are understood."""
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
        # ValueError: the file is not text, or the path has a null byte. RuntimeError: ``~name``
        # of a user who does not exist.
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


def _colab_secret() -> str | None:
    try:
        from google.colab import userdata
    except ImportError:
        return None
    try:
        secret: str | None = userdata.get("WANDB_API_KEY")
    except Exception:
        # The secret does not exist, or the user has not granted this notebook access to it.
        return None
    return secret


def _kaggle_secret(environ: Mapping[str, str]) -> str | None:
    if "KAGGLE_KERNEL_RUN_TYPE" not in environ:
        return None
    try:
        from kaggle_secrets import UserSecretsClient

        secret: str | None = UserSecretsClient().get_secret("WANDB_API_KEY")
    except Exception:
        return None
    return secret


def _netrc_password(host: str, environ: Mapping[str, str]) -> str | None:
    """Read the same file as wandb: that of ``NETRC``, else ``~/.netrc``, else ``~/_netrc``."""
    named = environ.get("NETRC")
    candidates = [named] if named else ["~/.netrc", "~/_netrc"]
    try:
        path = next((p for c in candidates if (p := Path(c).expanduser()).is_file()), None)
        if path is None:
            return None
        entries = netrc.netrc(path)
    except (netrc.NetrcParseError, OSError, ValueError, RuntimeError):
        # The same errors as for a key file. The user has not named this file, so it is skipped.
        return None
    name = urlsplit(host).netloc.lower()
    for candidate in (name, SAAS_NETRC_HOSTS.get(name, name)):
        found = entries.authenticators(candidate)
        if found and found[2]:
            return found[2]
    return None


def _key_of_hook(environ: Mapping[str, str]) -> str | None:
    name = environ.get(_SETUP_API_KEY_HOOK)
    if not name:
        return None
    try:
        key: str | None = pkgutil.resolve_name(name)()
    except Exception as error:
        raise SettingsError(
            f"the hook {_SETUP_API_KEY_HOOK}={show(name)} failed with {type(error).__name__};"
            " it must be the dotted name of a function that returns the API key."
        ) from None
    return key


def _checked(value: object, source: str) -> ApiKey:
    return checked_key(value, f"{source} does not hold")


def _normalized(host: str | None) -> str | None:
    return host.rstrip("/").lower() if host else None
