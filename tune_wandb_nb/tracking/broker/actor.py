"""The broker: an actor in memory on the driver's node that sends trials what they need.

A trial's process may run on any node. It asks the broker for what must not be written anywhere (the
API key) and for what only the driver has (the logger's settings, the environment of today).
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, CheckedKey
from tune_wandb_nb.tracking.auth.credentials import read_key_file
from tune_wandb_nb.tracking.broker.worker_report import WorkerReport

__all__ = ["CORE_STARTS_WITHIN", "Answer", "Broker", "KeyRequest", "find_broker", "start_broker"]

_TIMEOUT = 30.0
CORE_STARTS_WITHIN = 12.0
"""Seconds, a little more than a process waits for the wandb-core that it starts."""
_PackedRequest: TypeAlias = tuple[str | None, str | None]
_PackedKey: TypeAlias = tuple[str | None, str | None, bool]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """For which server, and from which file, a trial wants the key."""

    host: str | None = None
    key_file: str | None = None

    def pack(self) -> tuple[str | None, str | None]:
        """Return a form that can be sent."""
        return self.host, self.key_file


@dataclass(frozen=True, slots=True)
class Answer:
    """The broker's answer to a trial; only ever in memory.

    Example:
        >>> from tune_wandb_nb.tracking.settings.api_key import ApiKey
        >>> Answer(CheckedKey(ApiKey("0123456789" * 4))).key.key
        ApiKey(***)
    """

    key: CheckedKey = NO_CHECKED_KEY
    logger: Mapping[str, Any] | None = None
    """The arguments of the search's `WandbLogger`, without a key; None where it has none."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The driver's ``WANDB_...`` variables, without secrets."""
    folder: str | None = None
    """The driver's working directory."""
    is_first: bool = False
    """Whether this is the first trial that asks: it records the machine and its packages."""
    earlier: Mapping[str, Any] | None = None
    """The state of the run that an earlier process of this trial has left for the next one."""

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> "Answer":
        """Read the result of `Broker.answer`."""
        return cls(**{**packed, "key": CheckedKey.unpack(packed["key"])})


class Broker:
    """The actor's methods: the driver sends, trials ask.

    Keys come and go as arguments and results of method calls, which Ray keeps in memory: never as
    arguments of the actor's creation, which Ray keeps in its tables.
    """

    def __init__(self) -> None:
        self._keys: dict[KeyRequest, CheckedKey] = {}
        self._common: dict[str, Any] = {}
        self._has_common = asyncio.Event()
        self._first_trial: str | None = None
        self._run_ids: dict[str, str] = {}
        self._run_states: dict[str, dict[str, Any]] = {}
        self._reports: dict[str, WorkerReport] = {}
        self._earlier_reports: dict[str, WorkerReport] = {}
        """The last report of each trial's earlier processes, their rows added up."""
        self._ended: dict[str, asyncio.Event] = {}
        self._ending_summaries: dict[str, dict[str, Any]] = {}
        self._notices: list[str] = []
        self._cores: dict[str, str] = {}
        self._core_starts: dict[str, asyncio.Event] = {}

    async def update(
        self, request: _PackedRequest, key: _PackedKey, common: Mapping[str, Any]
    ) -> None:
        """Store a key, and what every trial is sent, as the driver has them now."""
        self._keys[KeyRequest(*request)] = CheckedKey.unpack(key)
        self._common = dict(common)
        self._has_common.set()

    async def restore(
        self, keys: Iterable[tuple[_PackedRequest, _PackedKey]], common: Mapping[str, Any]
    ) -> None:
        """Store everything that the driver sent to the broker that ran before this one."""
        for request, key in keys:
            self._keys.setdefault(KeyRequest(*request), CheckedKey.unpack(key))
        if not self._has_common.is_set():
            self._common = dict(common)
            self._has_common.set()

    async def answer(
        self, trial_id: str | None, host: str | None, key_file: str | None
    ) -> dict[str, Any]:
        """Answer a trial's process that starts, as a dictionary for `Answer.unpack`."""
        # A trial may ask before the driver's first message has arrived.
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._has_common.wait(), _TIMEOUT)
        self._first_trial = self._first_trial or trial_id
        if trial_id in self._reports:
            # The trial's process before this one may have been killed without a last report.
            self._earlier_reports[trial_id] = self._reports[trial_id]
        return {
            **self._common,
            "key": self._key(KeyRequest(host, key_file)).pack(),
            "is_first": self._first_trial == trial_id,
            "earlier": self._run_states.get(trial_id or ""),
        }

    async def claim_run_id(self, run_id: str, trial_id: str) -> bool:
        """Claim a run id for a trial; returns whether another trial has claimed it before."""
        return self._run_ids.setdefault(run_id, trial_id) != trial_id

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
        """Store what only Tune knows of a trial's end: what its run's summary says of it."""
        self._ending_summaries[trial_id] = dict(summary)

    async def take_ending(self, trial_id: str) -> dict[str, Any]:
        """Return, once, what the driver has sent of a trial's end."""
        return self._ending_summaries.pop(trial_id, {})

    async def reports(self) -> tuple[dict[str, WorkerReport], list[str], bool]:
        """Return every trial's report, the notices not shown yet, and whether the driver has sent.

        After a restart by Ray the broker has forgotten what the driver sent it.
        """
        notices, self._notices = self._notices, []
        return dict(self._reports), notices, self._has_common.is_set()

    async def notify(self, text: str) -> None:
        """Keep a notice for the logger; without a logger, print it, which Ray shows."""
        if self._common.get("logger") is None:
            _print_once(text)
        else:
            self._notices.append(text)

    def _key(self, request: KeyRequest) -> CheckedKey:
        if request in self._keys:
            return self._keys[request]
        if request.key_file is not None:
            # The driver has not seen this trial's config; the file is on this node.
            path = Path(self._common.get("folder") or ".", Path(request.key_file).expanduser())
            return CheckedKey(read_key_file(str(path)))
        return self._keys.get(KeyRequest(request.host), NO_CHECKED_KEY)


_printed: set[str] = set()


def _print_once(text: str) -> None:
    if text not in _printed:
        _printed.add(text)
        print(f"tune-wandb-nb: {text}", flush=True)


def start_broker() -> Any:
    """Return this job's broker, started where there is none; it ends with the handle's owner."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    node = ray.get_runtime_context().get_node_id()
    return (
        ray.remote(Broker)
        .options(
            name=_name(),
            get_if_exists=True,
            num_cpus=0,
            max_concurrency=1000,
            # A broker that the kernel kills when memory is short is started again by Ray; the
            # driver then sends everything again.
            max_restarts=-1,
            max_task_retries=-1,
            # On the driver's node, where the key file is, if Ray runs there.
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
        )
        .remote()
    )


def find_broker() -> Any:
    """Return this job's broker, or None where none was started."""
    import ray

    if not ray.is_initialized():
        return None
    try:
        return ray.get_actor(_name())
    except ValueError:
        return None


def _name() -> str:
    import ray

    return f"tune_wandb_nb.broker.{ray.get_runtime_context().get_job_id()}"
