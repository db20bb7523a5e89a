"""How a process gets to W&B: with which key, or offline."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tune_wandb_nb.tracking.auth.credentials import find_credential, server_of
from tune_wandb_nb.tracking.auth.server_check import Gate
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import Mode, WandbSettings

__all__ = ["NO_KEY", "NO_KNOWN_KEY", "Access", "KnownKey", "drivers_access", "find_access"]

NO_KEY = (
    "no W&B API key was found, so runs are written offline. To go online, call"
    " tune_wandb_nb.login() or set WANDB_API_KEY before the search."
)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key, and whether its server takes it."""

    key: ApiKey | None = None
    refusal: str | None = None
    """Why the server does not let the key in; None where it does."""
    checked: bool = False
    """Whether the server was asked."""

    def pack(self) -> tuple[str | None, str | None, bool]:
        """Return it in a form that is sent: an `ApiKey` itself does not pickle."""
        return self.key.reveal() if self.key else None, self.refusal, self.checked

    @classmethod
    def unpack(cls, sent: tuple[str | None, str | None, bool]) -> "KnownKey":
        """Put the key back into its wrapper as soon as it has come over the wire."""
        key, refusal, checked = sent
        return cls(ApiKey(key) if key else None, refusal, checked)


NO_KNOWN_KEY = KnownKey()
"""Of a process that nobody has sent a key."""


@dataclass(frozen=True, slots=True)
class Access:
    """What is known before a run is opened."""

    mode: Mode
    key: ApiKey | None = None
    gate: Gate | None = None
    """Asks the server whether it takes the key; None where the driver has asked."""
    note: str = ""


def find_access(settings: WandbSettings, known: KnownKey) -> Access:
    """Decide, in a trial's process, from its settings and the key that the broker has sent."""
    if settings.mode in ("offline", "disabled"):
        return Access(settings.mode)
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
