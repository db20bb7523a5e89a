"""The broker: an actor in memory on the driver's node that sends trials what they need.

A trial's process may run on any node. It asks the broker for what must not be written anywhere (the
API key) and for what only the driver has (the logger's settings, the environment of today).
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, CheckedKey
from tune_wandb_nb.tracking.auth.credentials import read_key_file
from tune_wandb_nb.tracking.broker.messages import KeyRequest, Search
from tune_wandb_nb.tracking.broker.worker_report import WorkerReport

__all__ = ["CORE_STARTS_WITHIN", "EXPERIMENT_KNOWN_WITHIN", "Broker"]

_TIMEOUT = 30.0
EXPERIMENT_KNOWN_WITHIN = 10.0
"""Seconds from a logger's start until its search's first trial is known to it."""
CORE_STARTS_WITHIN = 12.0
"""Seconds, a little more than a process waits for the wandb-core that it starts."""
_PackedRequest: TypeAlias = tuple[str | None, str | None, str | None]
_PackedKey: TypeAlias = tuple[str | None, str | None, bool]


class Broker:
    """The actor's methods: the driver sends, trials ask.

    Keys come and go as arguments and results of method calls, which Ray keeps in memory: never as
    arguments of the actor's creation, which Ray keeps in its tables.
    """

    def __init__(self) -> None:
        self._keys: dict[KeyRequest, CheckedKey] = {}
        self._common: dict[str, Any] = {}
        self._has_common = asyncio.Event()
        self._searches: dict[str, Search] = {}
        """The searches with a logger that go on, by their ids."""
        self._attached_at: dict[str, float] = {}
        self._search_changed = asyncio.Condition()
        self._search_of_trial: dict[str, str] = {}
        self._first_trials: dict[str | None, str | None] = {}
        self._run_ids: dict[tuple[str | None, str], str] = {}
        self._run_states: dict[str, dict[str, Any]] = {}
        self._reports: dict[str, WorkerReport] = {}
        self._earlier_reports: dict[str, WorkerReport] = {}
        """The last report of each trial's earlier processes, their rows added up."""
        self._ended: dict[str, asyncio.Event] = {}
        self._ending_summaries: dict[str, dict[str, Any]] = {}
        self._notices: dict[str, list[str]] = {}
        self._cores: dict[str, str] = {}
        self._core_starts: dict[str, asyncio.Event] = {}

    async def update(
        self, request: _PackedRequest, key: _PackedKey, common: Mapping[str, Any]
    ) -> None:
        """Store a key, and what every trial is sent, as the driver has them now."""
        self._keys[KeyRequest(*request)] = CheckedKey.unpack(key)
        self._common = dict(common)
        self._has_common.set()

    async def attach(self, search_id: str, search: Search) -> None:
        """Store the logger of a search, and its experiment once that is known."""
        async with self._search_changed:
            self._attached_at.setdefault(search_id, time.monotonic())
            self._searches[search_id] = search
            self._search_changed.notify_all()

    async def detach(self, search_id: str) -> None:
        """Forget a search that is over, and its trials."""
        async with self._search_changed:
            self._searches.pop(search_id, None)
            self._search_changed.notify_all()
        self._attached_at.pop(search_id, None)
        self._notices.pop(search_id, None)
        self._first_trials.pop(search_id, None)
        self._keys = {k: key for k, key in self._keys.items() if k.search_id != search_id}
        self._run_ids = {k: trial for k, trial in self._run_ids.items() if k[0] != search_id}
        for trial_id in [t for t, owner in self._search_of_trial.items() if owner == search_id]:
            del self._search_of_trial[trial_id]
            for known in (self._reports, self._earlier_reports, self._ended, self._run_states):
                known.pop(trial_id, None)

    async def restore(
        self,
        keys: Iterable[tuple[_PackedRequest, _PackedKey]],
        common: Mapping[str, Any],
        searches: Mapping[str, Search],
    ) -> None:
        """Store everything that the driver sent to the broker that ran before this one."""
        for request, key in keys:
            self._keys.setdefault(KeyRequest(*request), CheckedKey.unpack(key))
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
        """Answer a trial's process that starts, as a dictionary for `Answer.unpack`.

        Args:
            trial_id: The trial; None outside of Tune.
            host: The server that its config names.
            key_file: The key file that its config names.
            experiment: The path of its experiment, by which its search is known.
        """
        # A trial may ask before the driver's first message has arrived.
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._has_common.wait(), _TIMEOUT)
        search_id = await self._search_id_of(experiment)
        search = self._searches.get(search_id or "")
        if trial_id is not None and search_id is not None:
            self._search_of_trial[trial_id] = search_id
        first = self._first_trials.setdefault(search_id, trial_id)
        if trial_id in self._reports:
            # The trial's process before this one may have been killed without a last report.
            self._earlier_reports[trial_id] = self._reports[trial_id]
        return {
            **self._common,
            "logger": search.logger if search is not None else None,
            "key": self._key(KeyRequest(host, key_file, search_id)).pack(),
            "is_first": first == trial_id,
            "earlier": self._run_states.get(trial_id or ""),
        }

    async def claim_run_id(self, run_id: str, trial_id: str) -> bool:
        """Claim a run id for a trial; returns whether another of its search has claimed it."""
        claim = (self._search_of_trial.get(trial_id), run_id)
        return self._run_ids.setdefault(claim, trial_id) != trial_id

    async def core(self, node: str, stale: str | None = None) -> tuple[str | None, bool]:
        """Return the token of a node's wandb-core, or None and whether the caller shall start one.

        Args:
            node: The node's id.
            stale: A token that the caller got before, and at which nobody answers any more.
        """
        if stale is not None and self._cores.get(node) == stale:
            del self._cores[node], self._core_starts[node]
        while (start := self._core_starts.get(node)) is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(start.wait(), CORE_STARTS_WITHIN)
            if start.is_set():
                return self._cores.get(node), False
            if self._core_starts.get(node) is start:
                # The process that was to start it has died: this caller takes its place.
                break
        self._core_starts[node] = asyncio.Event()
        return None, True

    async def core_started(self, node: str, token: str | None) -> None:
        """Store the token of a node's new wandb-core; None where it could not be started."""
        if token is not None:
            self._cores[node] = token
        self._core_starts.setdefault(node, asyncio.Event()).set()

    async def report(
        self, trial_id: str, report: WorkerReport, run_state: Mapping[str, Any] | None = None
    ) -> None:
        """Store a trial's counts, and the state of its run for the trial's next process."""
        self._reports[trial_id] = report.plus(self._earlier_reports.get(trial_id))
        ended = self._ended.setdefault(trial_id, asyncio.Event())
        if report.state == "running":
            ended.clear()
        else:
            ended.set()
        if run_state is not None:
            self._run_states[trial_id] = dict(run_state)

    async def last_report(
        self, trial_id: str, timeout: float, *, had_run: bool = False
    ) -> WorkerReport | None:
        """Return a trial's report once its process has ended the run; None without a run.

        Args:
            trial_id: The trial.
            timeout: Seconds to wait.
            had_run: Whether the driver has had a report of the run: a broker that Ray has started
                again has forgotten it.

        Raises:
            asyncio.TimeoutError: the run has not ended in time.
        """
        if had_run:
            self._ended.setdefault(trial_id, asyncio.Event())
        ended = self._ended.get(trial_id)
        if ended is None:
            return None
        await asyncio.wait_for(ended.wait(), timeout)
        return self._reports[trial_id]

    async def set_ending(self, trial_id: str, summary: Mapping[str, Any]) -> None:
        """Store the part of a run's summary that says how Tune ended the trial."""
        self._ending_summaries[trial_id] = dict(summary)

    async def take_ending(self, trial_id: str) -> dict[str, Any]:
        """Return, once, what the driver has sent of a trial's end."""
        return self._ending_summaries.pop(trial_id, {})

    async def reports(
        self, search_id: str, trial_ids: Iterable[str]
    ) -> tuple[dict[str, WorkerReport], list[str], bool]:
        """Return the reports of some trials, their search's notices, and whether it is attached.

        After a restart by Ray the broker has forgotten what the driver sent it.
        """
        reports = {t: self._reports[t] for t in trial_ids if t in self._reports}
        return reports, self._notices.pop(search_id, []), search_id in self._searches

    async def notify(self, text: str, trial_id: str | None = None) -> None:
        """Keep a notice for the trial's logger; without a logger, print it, which Ray shows."""
        search_id = self._search_of_trial.get(trial_id or "")
        if search_id is None:
            _print_once(text)
        else:
            self._notices.setdefault(search_id, []).append(text)

    async def _search_id_of(self, experiment: str | None) -> str | None:
        """Return the search with this experiment; None where it has no logger.

        A logger learns its experiment from its first trial, which may be faster to ask here. A
        logger that has not learnt it soon has no trials: its search has ended before its first.
        """

        def find() -> str | None:
            if experiment is None:
                # A process outside of Tune: its search is only certain if there is one search.
                return next(iter(self._searches)) if len(self._searches) == 1 else None
            owners = (i for i, each in self._searches.items() if each.experiment == experiment)
            return next(owners, None)

        def is_settled() -> bool:
            return find() is not None or experiment is None or not unknown()

        def unknown() -> list[str]:
            return [i for i, each in self._searches.items() if each.experiment is None]

        async with self._search_changed:
            newest = max((self._attached_at[i] for i in unknown()), default=-math.inf)
            timeout = newest + EXPERIMENT_KNOWN_WITHIN - time.monotonic()
            if timeout > 0:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._search_changed.wait_for(is_settled), timeout)
        return find()

    def _key(self, request: KeyRequest) -> CheckedKey:
        if request in self._keys:
            return self._keys[request]
        if request.key_file is not None:
            # The driver has not seen this trial's config; the file is on this node.
            path = Path(self._common.get("folder") or ".", Path(request.key_file).expanduser())
            return CheckedKey(read_key_file(str(path)))
        by_host = KeyRequest(request.host, None, request.search_id)
        without_search = KeyRequest(request.host)
        return self._keys.get(by_host) or self._keys.get(without_search, NO_CHECKED_KEY)


_printed: set[str] = set()


def _print_once(text: str) -> None:
    if text not in _printed:
        _printed.add(text)
        print(f"tune-wandb-nb: {text}", flush=True)
