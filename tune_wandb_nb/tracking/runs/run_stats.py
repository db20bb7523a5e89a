from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from tune_wandb_nb.tracking.broker.messages import WorkerReport
from tune_wandb_nb.tracking.history.wandb_file import OFFLINE_SUFFIX
from tune_wandb_nb.tracking.results.trial_end import STOPPED_IN_WANDB
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["RunStats"]

_REPORTED = tuple(each.name for each in fields(WorkerReport))


@dataclass(slots=True, eq=False)
class RunStats:
    trial_id: str
    name: str
    run_id: str
    mode: Mode
    state: str = "waiting"
    reported: int = 0
    logged: int = 0
    dropped: int = 0
    lost: int = 0
    """Those of the dropped rows that W&B should have had."""
    reasons: Counter[str] = field(default_factory=Counter)
    left_out: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(metric, type) -> values that could not be logged."""
    note: str = ""
    url: str | None = None
    project_url: str | None = None
    path: str | None = None
    stopped_in_wandb: bool = False
    trouble: str = ""
    """Why the run is offline though it was to be online."""

    @property
    def unwritten(self) -> int:
        return self.reported - self.logged - self.dropped

    def drop(self, reason: str, rows: int = 1) -> None:
        self.dropped += rows
        self.reasons[reason] += rows

    def lose(self, reason: str, rows: int = 1) -> None:
        self.lost += rows
        self.drop(reason, rows)

    def add_note(self, text: str) -> None:
        self.note = "; ".join(filter(None, (self.note, text)))

    def go_offline(self, reason: str) -> None:
        self.mode, self.trouble, self.note = "offline", reason, f"offline: {reason}"

    def mark_uploaded(self, project_page: str) -> None:
        self.mode, self.project_url = "online", project_page
        # Under this id a trial that starts again goes on with the run.
        self.run_id = self.run_id.removesuffix(OFFLINE_SUFFIX)
        self.url = f"{project_page}/runs/{self.run_id}"
        self.note = f"was recorded offline ({self.trouble}), and is uploaded"
        self.trouble = ""

    def explain(self) -> str:
        """Say why rows or values are missing; empty where none are."""
        parts = [STOPPED_IN_WANDB] if self.stopped_in_wandb else []
        parts += [self.note] if self.note else []
        if self.mode == "disabled":
            parts.append("mode is 'disabled'")
        elif self.unwritten:
            parts.append(f"{self.unwritten} rows on their way")
        # Copies: the writer's thread may be counting.
        reasons, left_out = list(self.reasons.items()), list(self.left_out.items())
        parts += [f"{count} rows dropped: {reason}" for reason, count in reasons]
        parts += [f"{count} values of {key!r} left out ({kind})" for (key, kind), count in left_out]
        return "; ".join(parts)

    def to_report(self) -> WorkerReport:
        values = {name: getattr(self, name) for name in _REPORTED}
        values |= {"reasons": dict(self.reasons), "left_out": dict(self.left_out)}
        return WorkerReport(**values)

    def take_over(self, report: WorkerReport) -> None:
        for name in _REPORTED:
            setattr(self, name, getattr(report, name))
        self.reasons = Counter(report.reasons)
