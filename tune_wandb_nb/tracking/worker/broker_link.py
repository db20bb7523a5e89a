import time
from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.tracking.broker.handle import request_broker
from tune_wandb_nb.tracking.broker.messages import Answer
from tune_wandb_nb.tracking.runs.init_plan import TrialNames, shared_id_notice
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.settings.settings import WandbSettings

__all__ = ["BrokerLink"]

_TIMEOUT = 60.0
_REPORTS_EVERY = 1.0
"""Seconds: the process may be killed before its last report."""


class BrokerLink:
    def __init__(self) -> None:
        self.broker = request_broker()
        self.trial_id: str | None = None
        self._search_id: str | None = None
        self._last_report = 0.0
        self._sent: Any = None

    def ask(self, names: TrialNames, settings: WandbSettings) -> Answer:
        if self.broker is None:
            return Answer()
        place = (settings.host, settings.api_key_file, names.experiment_path)
        answer = Answer.unpack(_get(self.broker.answer.remote(names.trial_id, *place)))
        self._search_id = answer.search_id
        return answer

    def claim_run(self, trial_id: str | None) -> Mapping[str, Any] | None:
        """Claim the trial's run; return its state, None where the driver does not answer."""
        try:
            return _get(self.broker.claim.remote(trial_id, self._search_id)) or {}
        except Exception:
            return None

    def is_taken(self, run_id: str, trial_id: str | None) -> bool:
        if self.broker is None or trial_id is None:
            return False
        is_taken = bool(_get(self.broker.claim_run_id.remote(run_id, trial_id)))
        if is_taken:
            self.say(shared_id_notice(run_id))
        return is_taken

    def report_now_and_then(self, stats: RunStats) -> None:
        if time.monotonic() - self._last_report > _REPORTS_EVERY:
            self.report(stats)

    def report(
        self, stats: RunStats, state: Mapping[str, Any] | None = None, *, wait: bool = False
    ) -> None:
        if self.broker is None or not stats.trial_id:
            return
        import ray

        timeout = _TIMEOUT if wait else 0
        # Ray may reorder the calls of an async actor: "running" must not arrive after "finished".
        if self._sent is not None and not ray.wait([self._sent], timeout=timeout)[0] and not wait:
            return
        self._last_report = time.monotonic()
        report = stats.to_report()
        self._sent = self.broker.report.remote(stats.trial_id, report, state, self._search_id)
        if wait:
            ray.wait([self._sent], timeout=timeout)

    def take_ending(self, trial_id: str) -> Mapping[str, Any]:
        try:
            return _get(self.broker.take_ending.remote(trial_id)) if self.broker else {}
        except Exception:
            # The broker may have ended with the driver.
            return {}

    def say(self, text: str) -> None:
        if self.broker is not None:
            self.broker.notify.remote(text, self.trial_id)
        else:
            print(f"tune-wandb-nb: {text}", flush=True)


def _get(reference: Any) -> Any:
    import ray

    return ray.get(reference, timeout=_TIMEOUT)
