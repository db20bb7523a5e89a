"""The driver's view of a run that the trial's own process writes: its counts, nothing else."""

from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.worker_report import WorkerReport
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.run_stats import RunStats

__all__ = ["RemoteTrial", "ReportPoller"]

_NO_REPORT = "the trial's process did not tell that it had logged them"
_REPORTED_ALREADY = 5.0
_STILL_STOPPING = 60.0


class RemoteTrial:
    """Holds the counts of a run that the trial writes; the writer only waits for its end."""

    is_open = False

    def __init__(self, trial_id: str, name: str, plan: InitPlan) -> None:
        self.plan = plan
        self.stats = RunStats(trial_id, name, str(plan.arguments["id"]), plan.mode)

    def open(self) -> None:
        """Count the run as running: the trial opens it."""
        self.stats.state = "running"

    def end(self, ending: Ending) -> None:
        """Wait until the trial has ended its run, and take over its last counts."""
        self._take_over_last_report(ending)
        stats = self.stats
        stats.state = ending.state
        # The end of the trial's process may have cut off rows, or its last report of them.
        missing = stats.reported - stats.logged - stats.dropped
        if stats.mode != "disabled" and missing > 0:
            stats.lose(_NO_REPORT, missing)

    def _take_over_last_report(self, ending: Ending) -> None:
        broker = broker_client.broker
        if broker is None:
            return
        import ray

        # A trial that came to its end by itself, or failed, sent its report before Tune saw it.
        timeout = _REPORTED_ALREADY if ending.exit_code else _STILL_STOPPING
        had_run = self.stats.path is not None
        try:
            asked = broker.last_report.remote(self.stats.trial_id, timeout, had_run=had_run)
            report: WorkerReport | None = ray.get(asked, timeout=timeout)
        except Exception as error:
            note = f"the trial's process did not tell what became of its rows: {error!r}"
            self.stats.note = note
            return
        if report is not None:
            self.stats.take_over(report)


class ReportPoller:
    """Asks the broker, without waiting for it, for the trials' reports."""

    def __init__(self) -> None:
        self._asked: Any = None

    def poll(self, search_id: str, running: Mapping[str, RunStats], notices: Notices) -> None:
        """Take over the answer to the last question if it has come, and ask again.

        Args:
            search_id: The search.
            running: The counts of the trials that write their own run, by trial.
            notices: Where the trials' notices go.
        """
        broker = broker_client.broker
        if not running or broker is None:
            return
        import ray

        if self._asked is not None:
            if not ray.wait([self._asked], timeout=0)[0]:
                return
            self._take_over(running, notices)
        self._asked = broker.reports.remote(search_id, list(running))

    def _take_over(self, running: Mapping[str, RunStats], notices: Notices) -> None:
        import ray

        asked, self._asked = self._asked, None
        try:
            reports, texts, is_attached = ray.get(asked, timeout=_REPORTED_ALREADY)
        except Exception:
            # The broker has died with its node; reports up to the trials' ends are taken over.
            return
        if not is_attached:
            broker_client.send_again()
        for trial_id, stats in running.items():
            if trial_id in reports and stats.state == "running":
                stats.take_over(reports[trial_id])
        for text in texts:
            notices.say(text)
