"""The messages between driver, broker and trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, CheckedKey

__all__ = ["Answer", "KeyRequest", "Search"]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    host: str | None = None
    key_file: str | None = None
    search_id: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    logger: Mapping[str, Any]
    """The arguments of its `WandbLogger`, without a key."""
    experiment: str | None = None
    """The path of its experiment; None before its first trial."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The broker's answer to a trial; only ever in memory."""

    key: CheckedKey = NO_CHECKED_KEY
    logger: Mapping[str, Any] | None = None
    """The arguments of the search's `WandbLogger`, without a key; None where it has none."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The driver's ``WANDB_...`` variables, without secrets."""
    folder: str | None = None
    is_first: bool = False
    """Whether this is its search's first trial that asks: it records the machine's packages."""
    search_id: str | None = None
    """The trial's search; None where that has no logger."""
    earlier: Mapping[str, Any] | None = None
    """The state of the run that an earlier process of this trial has left for the next one."""

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> "Answer":
        return cls(**{**packed, "key": CheckedKey.unpack(packed["key"])})
