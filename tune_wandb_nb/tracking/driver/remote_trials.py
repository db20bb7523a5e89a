import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.handle import announce_logger, is_broker_requested, withdraw
from tune_wandb_nb.tracking.broker.worker_report import WorkerReport
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.run_stats import RunStats

__all__ = ["CLAIMS_WITHIN", "RemoteTrials"]

_MIXIN = "tune_wandb_nb.tracking.worker.trainable"
_POLLS_EVERY = 0.2
_LOOKS_FOR_REQUEST_EVERY = 1.0
_ANSWERS_WITHIN = 5.0
CLAIMS_WITHIN = 20.0
"""Seconds for which a trial without results may claim its run before the driver opens the run."""


class RemoteTrials:
    """Asks the broker, without waiting, which trials claim their runs and what they have written.

    The broker is an actor, started only where a trial may need it: once this process has loaded the
    mixin or `setup_wandb`, or a trial has asked. A claim may be handed over more than once.
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
            # Loaded by now if the class, which may have been unpickled just now, has this base.
            module = sys.modules.get(_MIXIN)
            self._inherits[name] = module is not None and issubclass(
                found, module.WandbTrainableMixin
            )
            if self._inherits[name]:
                self._attach()
        return self._inherits[name]

    def add(self, stats: RunStats) -> None:
        self._running[stats.trial_id] = stats

    def end(self, trial_id: str, ending: Ending) -> None:
        """Stop following a trial that has ended, and let its process know how."""
        self._running.pop(trial_id, None)
        if (broker := broker_client.broker) is not None:
            broker.set_ending.remote(trial_id, dict(ending.summary))

    def poll(self, experiment: str | None) -> None:
        """Take over the broker's answer if it has come, and ask again."""
        self._attach_where_needed()
        broker = broker_client.broker
        if not self.is_attached or broker is None:
            return
        if experiment is not None:
            broker_client.set_experiment(self._search_id, experiment)
        now = time.monotonic()
        if now < self._next_poll:
            return
        import ray

        if self._asked is not None:
            if not ray.wait([self._asked], timeout=0)[0]:
                return
            self._take_over()
        self._next_poll = now + _POLLS_EVERY
        self._asked = broker.changes.remote(self._search_id)

    def poll_last(self) -> None:
        broker = broker_client.broker
        if self.is_attached and broker is not None:
            if self._asked is not None:
                self._take_over()
            self._asked = broker.changes.remote(self._search_id)
            self._take_over()

    def release(
        self,
        trial_id: str,
        report: WorkerReport | None = None,
        run_state: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a trial's process open the run that it has claimed; see `Broker.release`."""
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
            self.is_attached = True
            broker_client.attach(self._search_id, self._arguments, self._notices)

    def _take_over(self) -> None:
        import ray

        asked, self._asked = self._asked, None
        try:
            reports, claims, texts, is_attached = ray.get(asked, timeout=_ANSWERS_WITHIN)
        except Exception:
            # The broker has died with its node; reports up to the trials' ends are taken over.
            return
        if not is_attached:
            broker_client.send_again()
        for trial_id, report in reports.items():
            stats = self._running.get(trial_id)
            if stats is not None:
                stats.take_over(report)
        for trial_id in claims:
            self._hand_over(trial_id)
        for text in texts:
            self._notices.say(text)
