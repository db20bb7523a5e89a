import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_wandb_nb.tracking.broker.messages import WorkerReport

__all__ = ["TrialRecord"]


@dataclass(slots=True, eq=False)
class TrialRecord:
    search_id: str | None = None
    report: WorkerReport | None = None
    earlier: WorkerReport | None = None
    """What was written before the present process, added up."""
    run_state: dict[str, Any] | None = None
    ending: dict[str, Any] = field(default_factory=dict)
    has_ended: asyncio.Event | None = None
    """Set while no process has the run open."""
    is_released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the driver does not write the run."""

    def begin_process(self) -> None:
        # The process before may have been killed.
        if self.report is not None:
            self.earlier = self.report

    def take(self, report: WorkerReport, run_state: Mapping[str, Any] | None) -> None:
        self.report = report.plus(self.earlier)
        ended = self.expect_end()
        if report.state == "running":
            ended.clear()
        else:
            ended.set()
        if run_state is not None:
            self.run_state = dict(run_state)

    def expect_end(self) -> asyncio.Event:
        self.has_ended = self.has_ended or asyncio.Event()
        return self.has_ended

    def release(self, report: WorkerReport | None, run_state: Mapping[str, Any] | None) -> None:
        if report is not None:
            self.report = self.earlier = report
        if run_state is not None:
            self.run_state = dict(run_state)
        self.is_released.set()
