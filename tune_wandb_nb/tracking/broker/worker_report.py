from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["WorkerReport"]


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """A run's counts on their way trial -> broker -> driver; the fields are those of `RunStats`."""

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
