"""Where the API key comes from, and how it is kept: in this kernel's memory, nowhere else."""

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
    "lend_key",
    "read_key_file",
    "server_of",
]

_SETUP_API_KEY_HOOK = "WANDB_SETUP_API_KEY_HOOK"

_kept: dict[str | None, ApiKey] = {}
"""Host (None: whichever is used) -> the key that `login` was given."""
_kept_lock = threading.Lock()
_lent: ContextVar[ApiKey | None] = ContextVar("lent", default=None)
"""The key that stood in the config of the call that is being made."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and where it was found, in words that may be shown."""

    key: ApiKey
    source: str


def keep_key(key: ApiKey, host: str | None = None) -> None:
    """Keep a key in this process's memory, for one server or (None) for whichever is used."""
    with _kept_lock:
        _kept[_normal(host)] = key


def forget_keys(host: str | None = None) -> None:
    """Forget the kept key of one server; without a server, all of them."""
    with _kept_lock:
        if host is None:
            _kept.clear()
        else:
            _kept.pop(_normal(host), None)


def kept_hosts() -> tuple[str | None, ...]:
    """Return the servers that `login` was given a key for; None: whichever is used."""
    with _kept_lock:
        return tuple(_kept)


def server_of(settings: WandbSettings) -> str:
    """Return the address of the server that a run with these settings goes to."""
    return default_base_url() if settings.host is None else settings.host


def find_credential(
    settings: WandbSettings, host: str, environ: Mapping[str, str] | None = None
) -> Credential | None:
    """Find the API key for a server: the first source that has one wins.

    The order: a key that is lent (`lend_key`), ``api_key`` or ``api_key_file`` of the settings,
    `login`, ``WANDB_API_KEY``, the secrets of Colab and Kaggle, netrc (where ``wandb login``
    writes it), and last the hook that Ray's integration calls (``WANDB_SETUP_API_KEY_HOOK``).

    Returns:
        The key and where it was found, or None.

    Raises:
        SettingsError: a source that was named explicitly has no usable key.
    """
    environ = os.environ if environ is None else environ
    if (given := _given(settings)) is not None:
        return given
    with _kept_lock:
        kept = _kept.get(_normal(host)) or _kept.get(None)
    if kept is not None:
        return Credential(kept, "tune_wandb_nb.login()")
    for source, read in _places(host, environ):
        found = read()
        if found.strip() if isinstance(found, str) else found:
            return Credential(_checked(found, source), source)
    return None


def _given(settings: WandbSettings) -> Credential | None:
    if (lent := _lent.get()) is not None:
        return Credential(lent, "the wandb entry of the config")
    if settings.api_key is not None:
        return Credential(settings.api_key, "the argument api_key")
    if settings.api_key_file is not None:
        return Credential(read_key_file(settings.api_key_file), settings.api_key_file)
    return None


@contextlib.contextmanager
def lend_key(key: ApiKey | None) -> Iterator[None]:
    """Let the loggers that are set up in this context use a key, before any other."""
    token = _lent.set(key)
    try:
        yield
    finally:
        _lent.reset(token)


def read_key_file(path: str) -> ApiKey:
    """Read the first line of a key file, ``~`` expanded, a byte order mark skipped.

    Raises:
        SettingsError: the file is missing, cannot be read, is empty, or holds no key.
    """
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
        # No text, a path with a null byte (ValueError), a home folder of nobody (RuntimeError).
        raise SettingsError(
            f"{named} cannot be read ({type(error).__name__});"
            " it must be a text file that holds the key in its first line."
        ) from None
    if not line:
        raise SettingsError(f"{named} is empty; its first line must be the key.")
    return _checked(line, named)


def _places(
    host: str, environ: Mapping[str, str]
) -> tuple[tuple[str, Callable[[], str | None]], ...]:
    return (
        ("WANDB_API_KEY", lambda: environ.get("WANDB_API_KEY")),
        ("the Colab secret WANDB_API_KEY", _colab_secret),
        ("the Kaggle secret WANDB_API_KEY", lambda: _kaggle_secret(environ)),
        ("netrc", lambda: _netrc_password(host, environ)),
        (f"the hook {_SETUP_API_KEY_HOOK}", lambda: _hook(environ)),
    )


def _colab_secret() -> str | None:
    try:
        from google.colab import userdata
    except ImportError:
        return None
    try:
        secret: str | None = userdata.get("WANDB_API_KEY")
    except Exception:
        # No such secret, or this notebook may not read it: the next place is asked.
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
    """Read netrc as wandb does: the file of ``NETRC``, else ``~/.netrc``, else ``~/_netrc``."""
    named = environ.get("NETRC")
    candidates = [named] if named else ["~/.netrc", "~/_netrc"]
    try:
        path = next((p for c in candidates if (p := Path(c).expanduser()).is_file()), None)
        if path is None:
            return None
        entries = netrc.netrc(path)
    except (netrc.NetrcParseError, OSError, ValueError, RuntimeError):
        # As for a key file; but nobody named this one, so the next place is asked.
        return None
    # wandb's newest default host is an alias: keys for it are kept under the classic name.
    name = urlsplit(host).netloc.lower()
    for candidate in (name, SAAS_NETRC_HOSTS.get(name, name)):
        found = entries.authenticators(candidate)
        if found and found[2]:
            return found[2]
    return None


def _hook(environ: Mapping[str, str]) -> str | None:
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


def _normal(host: str | None) -> str | None:
    return host.rstrip("/").lower() if host else None
