"""How a process gets to W&B: with which key, or offline, and where its files go."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tune_wandb_nb.tracking.apikey import ApiKey, show
from tune_wandb_nb.tracking.broker import Answer
from tune_wandb_nb.tracking.credentials import find_credential, server_of
from tune_wandb_nb.tracking.desk import NO_KEY
from tune_wandb_nb.tracking.gate import Gate
from tune_wandb_nb.tracking.settings import Mode, SettingsError, WandbSettings

__all__ = [
    "Access",
    "adopt_environment",
    "check_writable",
    "drivers_access",
    "find_access",
    "folder_for",
]


@dataclass(frozen=True, slots=True)
class Access:
    """What is known before a run is opened."""

    mode: Mode
    key: ApiKey | None = None
    gate: Gate | None = None
    """Asks the server whether it takes the key; None where the driver has asked."""
    note: str = ""


def find_access(settings: WandbSettings, answer: Answer) -> Access:
    """Decide, in a trial's process, from its settings and what the broker has answered."""
    if settings.mode in ("offline", "disabled"):
        return Access(settings.mode)
    known = answer.known
    if known.refusal is not None:
        return Access("offline", known.key, note=f"offline: {known.refusal}")
    if known.checked and known.key is not None:
        return Access("online", known.key)
    host = server_of(settings)
    key = known.key
    if key is None:
        # The driver has none; this node may have one of its own.
        found = find_credential(settings, host)
        key = found.key if found else None
    if key is not None:
        return Access("online", key, Gate(host, key))
    has_token = bool(os.environ.get("WANDB_IDENTITY_TOKEN_FILE"))
    return Access("online" if has_token else "offline")


def drivers_access(
    settings: WandbSettings, environ: Mapping[str, str], say: Callable[[str], None]
) -> Access:
    """Decide, in the process of the search, for the runs that it writes itself."""
    if settings.mode in ("offline", "disabled"):
        return Access(settings.mode)
    host = server_of(settings)
    credential = find_credential(settings, host, environ)
    if credential is not None:
        return Access("online", credential.key, Gate(host, credential.key))
    if environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return Access("online")
    say(NO_KEY)
    return Access("offline")


def adopt_environment(environ: Mapping[str, str]) -> None:
    """Let wandb see the driver's variables; folders stay this node's own."""
    for name, value in environ.items():
        if not name.endswith("_DIR") or name not in os.environ:
            os.environ[name] = value


def folder_for(asked: str | None, drivers: str | None) -> str:
    """Return where W&B's files go: where the driver's would, if this node has that place."""
    # Tune has changed the directory to the trial's own, which is not kept.
    home = drivers or os.environ.get("TUNE_ORIG_WORKING_DIR", ".")
    path = Path(home, Path(asked or ".").expanduser())
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return str(path.absolute())
    except OSError:
        pass
    return str(Path.cwd())


def check_writable(folder: str) -> None:
    """Refuse a folder that W&B's files cannot go into.

    Raises:
        SettingsError: naming the folder.
    """
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SettingsError(
            f"dir {show(folder)} cannot be written ({error.strerror}); give a folder that can, or"
            " leave it out for ./wandb."
        ) from None
