from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, CheckedKey
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["Answer", "KeyRequest", "Search", "WorkerReport"]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A run's counts, for the driver; see `RunStats`."""

    state: str
    run_id: str = ""
    mode: Mode = "offline"
    logged: int = 0
    dropped: int = 0
    lost: int = 0
    note: str = ""
    url: str | None = None
    project_url: str | None = None
    path: str | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)
    stopped_in_wandb: bool = False

    def plus(self, earlier: "WorkerReport | None") -> "WorkerReport":
        if earlier is None:
            return self
        logged, dropped = self.logged + earlier.logged, self.dropped + earlier.dropped
        return replace(self, logged=logged, dropped=dropped)


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
    key: CheckedKey = NO_CHECKED_KEY
    logger: Mapping[str, Any] | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    """The driver's, without secrets."""
    folder: str | None = None
    is_first: bool = False
    """The first trial of a search that asks records the machine's packages."""
    search_id: str | None = None
    earlier: Mapping[str, Any] | None = None
    """How an earlier process of the trial has left the run."""

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> "Answer":
        return cls(**{**packed, "key": CheckedKey.unpack(packed["key"])})
