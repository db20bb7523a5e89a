import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, CheckedKey
from tune_wandb_nb.tracking.auth.credentials import read_key_file
from tune_wandb_nb.tracking.broker.messages import KeyRequest, Search, WorkerReport
from tune_wandb_nb.tracking.broker.node_cores import NodeCores
from tune_wandb_nb.tracking.broker.trial_record import TrialRecord

__all__ = ["EXPERIMENT_KNOWN_WITHIN", "Broker"]

_TIMEOUT = 30.0
EXPERIMENT_KNOWN_WITHIN = 10.0
"""Seconds from a logger's start to its search's first trial."""
_PackedKey: TypeAlias = tuple[str | None, str | None, bool]


class Broker:
    """The actor on the driver's node to which the driver sends, and which trials ask.

    Ray keeps the arguments that create an actor in its tables: keys come by method calls.
    """

    def __init__(self) -> None:
        self._keys: dict[KeyRequest, CheckedKey] = {}
        self._common: dict[str, Any] = {}
        self._has_common = asyncio.Event()
        self._searches: dict[str, Search] = {}
        self._attached_at: dict[str, float] = {}
        self._search_changed = asyncio.Condition()
        self._trials: dict[str, TrialRecord] = {}
        self._claiming: set[str] = set()
        self._changed: dict[str, set[str]] = {}
        """Search -> trials with reports for its driver."""
        self._first_trials: dict[str | None, str | None] = {}
        self._run_ids: dict[tuple[str | None, str], str] = {}
        self._notices: dict[str, list[str]] = {}
        self._printed: set[str] = set()
        self._cores = NodeCores()

    async def update(self, request: KeyRequest, key: _PackedKey, common: Mapping[str, Any]) -> None:
        self._keys[request] = CheckedKey.unpack(key)
        self._common = dict(common)
        self._has_common.set()

    async def attach(self, search_id: str, search: Search) -> None:
        async with self._search_changed:
            self._attached_at.setdefault(search_id, time.monotonic())
            self._searches[search_id] = search
            self._search_changed.notify_all()

    async def detach(self, search_id: str) -> None:
        async with self._search_changed:
            self._searches.pop(search_id, None)
            self._search_changed.notify_all()
        self._attached_at.pop(search_id, None)
        self._notices.pop(search_id, None)
        self._first_trials.pop(search_id, None)
        self._keys = {k: key for k, key in self._keys.items() if k.search_id != search_id}
        self._run_ids = {k: trial for k, trial in self._run_ids.items() if k[0] != search_id}
        self._changed.pop(search_id, None)
        self._trials = {k: t for k, t in self._trials.items() if t.search_id != search_id}

    async def restore(
        self,
        keys: Iterable[tuple[KeyRequest, _PackedKey]],
        common: Mapping[str, Any],
        searches: Mapping[str, Search],
    ) -> None:
        for request, key in keys:
            self._keys.setdefault(request, CheckedKey.unpack(key))
        for search_id, search in searches.items():
            await self.attach(search_id, search)
        if not self._has_common.is_set():
            self._common = dict(common)
            self._has_common.set()

    async def answer(
        self,
        trial_id: str | None,
        host: str | None,
        key_file: str | None,
        experiment: str | None = None,
    ) -> dict[str, Any]:
        """Answer a trial's process that starts; see `Answer.unpack`."""
        # A trial may ask before the driver's first message.
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._has_common.wait(), _TIMEOUT)
        search_id = await self._search_id_of(experiment)
        search = self._searches.get(search_id or "")
        trial = TrialRecord() if trial_id is None else self._trial(trial_id, search_id)
        trial.begin_process()
        first = self._first_trials.setdefault(search_id, trial_id)
        return {
            **self._common,
            "logger": search.logger if search is not None else None,
            "key": self._key(KeyRequest(host, key_file, search_id)).pack(),
            "is_first": first == trial_id,
            "earlier": trial.run_state,
            "search_id": search_id,
        }

    async def claim(self, trial_id: str, search_id: str | None) -> dict[str, Any] | None:
        """Wait until the driver does not write a trial's run; return `Answer.earlier`."""
        trial = self._trial(trial_id, search_id)
        if trial.search_id is not None:
            self._claiming.add(trial_id)
            try:
                await asyncio.wait_for(trial.is_released.wait(), _TIMEOUT)
            finally:
                self._claiming.discard(trial_id)
        return trial.run_state

    async def release(
        self,
        search_id: str,
        trial_id: str,
        report: WorkerReport | None = None,
        run_state: Mapping[str, Any] | None = None,
    ) -> None:
        self._trial(trial_id, search_id).release(report, run_state)

    async def claim_run_id(self, run_id: str, trial_id: str) -> bool:
        """Claim a run id; return whether another trial of the search has it."""
        claim = (self._trial(trial_id).search_id, run_id)
        return self._run_ids.setdefault(claim, trial_id) != trial_id

    async def core(self, node: str, stale: str | None = None) -> tuple[str | None, bool]:
        """Return a node's wandb-core, or None and whether the caller shall start one.

        The core of ``stale`` does not answer.
        """
        return await self._cores.find(node, stale)

    async def core_started(self, node: str, token: str | None) -> None:
        self._cores.started(node, token)

    async def report(
        self,
        trial_id: str,
        report: WorkerReport,
        run_state: Mapping[str, Any] | None = None,
        search_id: str | None = None,
    ) -> None:
        trial = self._trial(trial_id, search_id)
        trial.take(report, run_state)
        if trial.search_id is not None:
            self._changed.setdefault(trial.search_id, set()).add(trial_id)

    async def last_report(
        self, trial_id: str, timeout: float, *, had_run: bool = False
    ) -> WorkerReport | None:
        """Return a trial's report once its process has ended the run; None without a run.

        ``had_run``: the driver has had a report, the broker may have restarted.
        """
        trial = self._trial(trial_id)
        ended = trial.expect_end() if had_run else trial.has_ended
        if ended is not None:
            await asyncio.wait_for(ended.wait(), timeout)
        return trial.report

    async def set_ending(self, trial_id: str, summary: Mapping[str, Any]) -> None:
        self._trial(trial_id).ending = dict(summary)

    async def take_ending(self, trial_id: str) -> dict[str, Any]:
        trial = self._trial(trial_id)
        ending, trial.ending = trial.ending, {}
        return ending

    async def changes(
        self, search_id: str
    ) -> tuple[dict[str, WorkerReport], list[str], list[str], bool]:
        """Return reports, trials that claim runs, notices, and whether the search is attached."""
        changed = ((t, self._trials.get(t)) for t in self._changed.pop(search_id, ()))
        reports = {t: trial.report for t, trial in changed if trial and trial.report}
        claims = [
            trial_id
            for trial_id in self._claiming
            if (trial := self._trials.get(trial_id)) and trial.search_id == search_id
        ]
        return reports, claims, self._notices.pop(search_id, []), search_id in self._searches

    async def notify(self, text: str, trial_id: str | None = None) -> None:
        """Keep a notice for the trial's logger; without one print it, which Ray shows."""
        trial = self._trials.get(trial_id or "")
        search_id = trial.search_id if trial is not None else None
        if search_id is None:
            if text not in self._printed:
                self._printed.add(text)
                print(f"tune-wandb-nb: {text}", flush=True)
        else:
            self._notices.setdefault(search_id, []).append(text)

    def _trial(self, trial_id: str, search_id: str | None = None) -> TrialRecord:
        trial = self._trials.setdefault(trial_id, TrialRecord())
        # After a restart only the trial's process has the search.
        trial.search_id = search_id or trial.search_id
        return trial

    async def _search_id_of(self, experiment: str | None) -> str | None:
        """A logger gets its experiment with its first trial, which may be faster to ask here."""

        def those_of(experiment: str | None) -> list[str]:
            return [i for i, each in self._searches.items() if each.experiment == experiment]

        def find() -> str | None:
            if experiment is None:
                # Outside of Tune the search is only certain if there is one.
                return next(iter(self._searches)) if len(self._searches) == 1 else None
            return next(iter(those_of(experiment)), None)

        def is_settled() -> bool:
            return find() is not None or experiment is None or not those_of(None)

        async with self._search_changed:
            newest = max((self._attached_at[i] for i in those_of(None)), default=-math.inf)
            timeout = newest + EXPERIMENT_KNOWN_WITHIN - time.monotonic()
            if timeout > 0:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._search_changed.wait_for(is_settled), timeout)
        return find()

    def _key(self, request: KeyRequest) -> CheckedKey:
        if request in self._keys:
            return self._keys[request]
        if request.key_file is not None:
            # The driver has not seen this trial's config.
            path = Path(self._common.get("folder") or ".", Path(request.key_file).expanduser())
            return CheckedKey(read_key_file(str(path)))
        by_host = KeyRequest(request.host, None, request.search_id)
        without_search = KeyRequest(request.host)
        return self._keys.get(by_host) or self._keys.get(without_search, NO_CHECKED_KEY)
