from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.worker_report import WorkerReport
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.run_stats import RunStats

__all__ = ["RemoteTrial"]

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
        self.stats.state = "running"

    def end(self, ending: Ending) -> None:
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
