"""How a trial's process gets to W&B: with which key, or offline, and where its files go."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tune_wandb_nb.tracking.apikey import ApiKey
from tune_wandb_nb.tracking.broker import Answer
from tune_wandb_nb.tracking.credentials import find_credential, server_of
from tune_wandb_nb.tracking.gate import Gate
from tune_wandb_nb.tracking.settings import Mode, WandbSettings

__all__ = ["Access", "adopt_environment", "find_access", "folder_for"]


@dataclass(frozen=True, slots=True)
class Access:
    """What is known before a run is opened."""

    mode: Mode
    key: ApiKey | None = None
    gate: Gate | None = None
    """Asks the server whether it takes the key; None where the driver has asked."""
    note: str = ""


def find_access(settings: WandbSettings, answer: Answer) -> Access:
    """Decide from a trial's settings and what the broker has answered."""
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
