import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.handle import announce_logger, is_broker_requested, withdraw
from tune_wandb_nb.tracking.broker.messages import WorkerReport
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.run_stats import RunStats

__all__ = ["CLAIMS_WITHIN", "RemoteTrial", "RemoteTrials"]

_NO_REPORT = "the trial's process did not tell that it had logged them"
_REPORTED_ALREADY = 5.0
_STILL_STOPPING = 60.0
_MIXIN = "tune_wandb_nb.tracking.worker.trainable"
_POLLS_EVERY = 0.2
_LOOKS_FOR_REQUEST_EVERY = 1.0
_ANSWERS_WITHIN = 5.0
CLAIMS_WITHIN = 20.0
"""Seconds after which the driver opens the run of a trial without results."""


class RemoteTrial:
    """A run that the trial writes; the writer only waits for its end."""

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
        # The end of the trial's process may have cut off rows, or their report.
        if stats.mode != "disabled" and stats.unwritten > 0:
            stats.lose(_NO_REPORT, stats.unwritten)

    def _take_over_last_report(self, ending: Ending) -> None:
        broker = broker_client.broker
        if broker is None:
            return
        import ray

        stats = self.stats
        # A trial that failed sent its report before Tune saw it.
        timeout = _REPORTED_ALREADY if ending.exit_code else _STILL_STOPPING
        had_run = stats.path is not None
        try:
            asked = broker.last_report.remote(stats.trial_id, timeout, had_run=had_run)
            report: WorkerReport | None = ray.get(asked, timeout=timeout)
        except Exception as error:
            stats.note = f"the trial's process did not tell what became of its rows: {error!r}"
        else:
            if report is not None:
                stats.take_over(report)


class RemoteTrials:
    """Asks the broker, without waiting, which trials claim their runs and what they have written.

    The broker starts once this process has loaded the mixin or `setup_wandb`, or a trial has asked.
    A claim may be handed over more than once.
    """

    def __init__(
        self,
        search_id: str,
        arguments: Mapping[str, Any],
        notices: Notices,
        hand_over: Callable[[str], None],
    ) -> None:
        self.is_attached = False
        self._search_id = search_id
        self._arguments = arguments
        self._notices = notices
        self._hand_over = hand_over
        self._inherits: dict[str, bool] = {}
        self._running: dict[str, RunStats] = {}
        self._asked: Any = None
        self._next_poll = 0.0
        self._next_look = 0.0

    def start(self) -> None:
        announce_logger(self._search_id)
        self._attach_where_needed()

    def stop(self) -> None:
        withdraw(self._search_id)
        if self.is_attached:
            broker_client.detach(self._search_id)

    def inherits_mixin(self, name: str, find: Callable[[], type]) -> bool:
        if name not in self._inherits:
            found = find()
            # To find the class may unpickle it, and then loads the module.
            module = sys.modules.get(_MIXIN)
            inherits = module is not None and issubclass(found, module.WandbTrainableMixin)
            self._inherits[name] = inherits
            if inherits:
                self._attach()
        return self._inherits[name]

    def add(self, stats: RunStats) -> None:
        self._running[stats.trial_id] = stats

    def end(self, trial_id: str, ending: Ending) -> None:
        self._running.pop(trial_id, None)
        if (broker := broker_client.broker) is not None:
            broker.set_ending.remote(trial_id, dict(ending.summary))

    def poll(self, find_experiment: Callable[[], str | None]) -> None:
        """Take over the broker's answer if it has come, and ask again."""
        self._attach_where_needed()
        now = time.monotonic()
        if not self.is_attached or now < self._next_poll:
            return
        if (broker := broker_client.broker) is None:
            return
        if (experiment := find_experiment()) is not None:
            broker_client.set_experiment(self._search_id, experiment)
        import ray

        if self._asked is not None and not ray.wait([self._asked], timeout=0)[0]:
            return
        self._take_over()
        self._next_poll = now + _POLLS_EVERY
        self._asked = broker.changes.remote(self._search_id)

    def poll_last(self) -> None:
        broker = broker_client.broker
        if self.is_attached and broker is not None:
            self._take_over()
            self._asked = broker.changes.remote(self._search_id)
            self._take_over()

    def release(
        self,
        trial_id: str,
        report: WorkerReport | None = None,
        run_state: Mapping[str, Any] | None = None,
    ) -> None:
        if (broker := broker_client.broker) is not None:
            broker.release.remote(self._search_id, trial_id, report, run_state)

    def _attach_where_needed(self) -> None:
        if self.is_attached:
            return
        if _MIXIN not in sys.modules:
            if time.monotonic() < self._next_look:
                return
            self._next_look = time.monotonic() + _LOOKS_FOR_REQUEST_EVERY
            if not is_broker_requested():
                return
        self._attach()

    def _attach(self) -> None:
        if not self.is_attached:
            self.is_attached, self._next_poll = True, 0.0
            broker_client.attach(self._search_id, self._arguments, self._notices)

    def _take_over(self) -> None:
        import ray

        asked, self._asked = self._asked, None
        if asked is None:
            return
        try:
            reports, claims, texts, is_attached = ray.get(asked, timeout=_ANSWERS_WITHIN)
        except Exception:
            # The broker has died with its node.
            return
        if not is_attached:
            broker_client.send_again()
        for trial_id, report in reports.items():
            if (stats := self._running.get(trial_id)) is not None:
                stats.take_over(report)
        for trial_id in claims:
            self._hand_over(trial_id)
        for text in texts:
            self._notices.say(text)
