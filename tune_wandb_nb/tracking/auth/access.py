import os
from collections.abc import Mapping
from dataclasses import dataclass

from tune_wandb_nb.tracking.auth.credentials import find_credential, server_of
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import Mode, WandbSettings

__all__ = ["NO_CHECKED_KEY", "NO_KEY", "Access", "CheckedKey", "decide_access"]

NO_KEY = (
    "no W&B API key was found, so runs are written offline. To go online, call"
    " tune_wandb_nb.login() or set WANDB_API_KEY before the search."
)


@dataclass(frozen=True, slots=True)
class CheckedKey:
    key: ApiKey | None = None
    refusal: str | None = None
    is_checked: bool = False

    def pack(self) -> tuple[str | None, str | None, bool]:
        """An `ApiKey` does not pickle."""
        return self.key.reveal() if self.key else None, self.refusal, self.is_checked

    @classmethod
    def unpack(cls, packed: tuple[str | None, str | None, bool]) -> "CheckedKey":
        key, refusal, is_checked = packed
        return cls(ApiKey(key) if key else None, refusal, is_checked)


NO_CHECKED_KEY = CheckedKey()


@dataclass(frozen=True, slots=True)
class Access:
    mode: Mode
    key: ApiKey | None = None
    check: ServerCheck | None = None
    """None if it is known whether the server takes the key."""
    note: str = ""
    """Why the run is offline with a key."""
    lacks_key: bool = False
    """Whether it is offline only for want of a key."""


def decide_access(
    settings: WandbSettings,
    environ: Mapping[str, str] | None = None,
    *,
    sent: CheckedKey = NO_CHECKED_KEY,
) -> Access:
    """In a trial, ``sent`` is what the driver has sent; without its key, this node's is used."""
    if settings.mode in ("offline", "disabled"):
        return Access(settings.mode)
    if sent.refusal is not None:
        return Access("offline", sent.key, note=f"offline: {sent.refusal}")
    if sent.is_checked and sent.key is not None:
        return Access("online", sent.key)
    environ = os.environ if environ is None else environ
    host = server_of(settings)
    key = sent.key
    if key is None and (credential := find_credential(settings, host, environ)) is not None:
        key = credential.key
    if key is not None:
        return Access("online", key, ServerCheck(host, key))
    if environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return Access("online")
    return Access("offline", lacks_key=True)
