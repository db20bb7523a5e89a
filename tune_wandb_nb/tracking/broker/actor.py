"""The key broker: an actor in memory on the driver's node that tells trials what they need.

A trial's process may be on any node. What it must know and must not be written anywhere (the API
key) or stands only on the driver (the logger's settings, the environment of today) it asks here.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tune_wandb_nb.tracking.auth.access import NO_KNOWN_KEY, KnownKey
from tune_wandb_nb.tracking.auth.credentials import read_key_file

__all__ = ["Answer", "Broker", "Request", "find_broker", "start_broker"]

_PATIENCE = 30.0
_PackedRequest: TypeAlias = tuple[str | None, str | None]
_PackedKey: TypeAlias = tuple[str | None, str | None, bool]
_COUNTS = ("logged", "dropped")


@dataclass(frozen=True, slots=True)
class Request:
    """For which server, and from which file, a trial wants the key."""

    host: str | None = None
    key_file: str | None = None

    def pack(self) -> tuple[str | None, str | None]:
        """Return it in a form that is sent."""
        return self.host, self.key_file


@dataclass(frozen=True, slots=True)
class Answer:
    """What a trial is told; only ever in memory.

    Example:
        >>> from tune_wandb_nb.tracking.settings.api_key import ApiKey
        >>> Answer(KnownKey(ApiKey("0123456789" * 4))).known.key
        ApiKey(***)
    """

    known: KnownKey = NO_KNOWN_KEY
    logger: Mapping[str, Any] | None = None
    """The arguments of the search's `WandbLogger`, without a key; None where it has none."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The driver's ``WANDB_...`` variables, without secrets."""
    folder: str | None = None
    """The driver's working directory."""
    is_first: bool = False
    """Whether this is the first trial that asks: it records the machine and its packages."""
    before: Mapping[str, Any] | None = None
    """What an earlier process of this trial left behind for the next one."""

    @classmethod
    def unpack(cls, told: Mapping[str, Any]) -> "Answer":
        """Read what `Broker.ask` has returned."""
        return cls(**{**told, "known": KnownKey.unpack(told["known"])})


class Broker:
    """What the actor does: it is told by the driver, and asked by trials.

    Keys come and go as arguments and results of method calls, which Ray keeps in memory: never as
    arguments of the actor's creation, which it keeps in its tables.
    """

    def __init__(self) -> None:
        self._keys: dict[Request, KnownKey] = {}
        self._common: dict[str, Any] = {}
        self._told = asyncio.Event()
        self._first: str | None = None
        self._run_ids: dict[str, str] = {}
        self._before: dict[str, dict[str, Any]] = {}
        self._accounts: dict[str, dict[str, Any]] = {}
        self._over: dict[str, asyncio.Event] = {}
        self._endings: dict[str, dict[str, Any]] = {}
        self._earlier: dict[str, dict[str, int]] = {}
        """The counts of a trial's processes before the one that tells now."""
        self._notices: list[str] = []
        self._cores: dict[str, str] = {}
        self._starting: dict[str, asyncio.Event] = {}

    async def tell(
        self,
        request: _PackedRequest,
        key: _PackedKey,
        common: Mapping[str, Any],
    ) -> None:
        """Take over what the driver knows: a key, and what all trials are told."""
        self._keys[Request(*request)] = KnownKey.unpack(key)
        self._common = dict(common)
        self._told.set()

    async def tell_all(
        self,
        keys: Iterable[tuple[_PackedRequest, _PackedKey]],
        common: Mapping[str, Any],
    ) -> None:
        """Take over all that the driver has told to the broker before this one."""
        for request, key in keys:
            self._keys.setdefault(Request(*request), KnownKey.unpack(key))
        if not self._told.is_set():
            self._common = dict(common)
            self._told.set()

    async def ask(
        self, trial_id: str | None, host: str | None, key_file: str | None
    ) -> dict[str, Any]:
        """Answer a trial, as a dictionary for `Answer.unpack`."""
        # A trial may be quicker than the driver's first word.
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._told.wait(), _PATIENCE)
        self._first = self._first or trial_id
        if trial_id in self._accounts:
            # This is a new process of it, and the one before may be gone without a last word.
            told = self._accounts[trial_id]
            self._earlier[trial_id] = {name: told[name] for name in _COUNTS}
        return {
            **self._common,
            "known": self._key(Request(host, key_file)).pack(),
            "is_first": self._first == trial_id,
            "before": self._before.get(trial_id or ""),
        }

    async def claim(self, run_id: str, trial_id: str) -> bool:
        """Tell whether another trial has this run id; where none has, it is this trial's now."""
        return self._run_ids.setdefault(run_id, trial_id) != trial_id

    async def core(self, node: str, stale: str | None = None) -> tuple[str | None, bool]:
        """Return where a node's wandb-core is, or None and whether the caller shall start it.

        Args:
            node: The node's id.
            stale: What the caller was told before, and where nobody answers any more.
        """
        if stale is not None and self._cores.get(node) == stale:
            del self._cores[node], self._starting[node]
        starting = self._starting.get(node)
        if starting is None:
            self._starting[node] = asyncio.Event()
            return None, True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(starting.wait(), _PATIENCE)
        return self._cores.get(node), False

    async def core_started(self, node: str, token: str | None) -> None:
        """Be told where it is; None where it could not be started."""
        if token is not None:
            self._cores[node] = token
        self._starting.setdefault(node, asyncio.Event()).set()

    async def account(
        self, trial_id: str, account: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> None:
        """Take over what became of a trial's rows, and what its next process must know."""
        earlier = self._earlier.get(trial_id, {})
        counts = {name: account.get(name, 0) + earlier.get(name, 0) for name in _COUNTS}
        self._accounts[trial_id] = {**account, **counts}
        over = self._over.setdefault(trial_id, asyncio.Event())
        if account["state"] == "running":
            over.clear()
        else:
            over.set()
        if before is not None:
            self._before[trial_id] = dict(before)

    async def ended(
        self, trial_id: str, patience: float, *, had_run: bool = False
    ) -> dict[str, Any] | None:
        """Return a trial's account once its process has ended the run; None without a run.

        The driver may know of the run what this broker, started again, does not.
        """
        if had_run:
            self._over.setdefault(trial_id, asyncio.Event())
        over = self._over.get(trial_id)
        if over is None:
            return None
        await asyncio.wait_for(over.wait(), patience)
        return self._accounts[trial_id]

    async def decide(self, trial_id: str, summary: Mapping[str, Any]) -> None:
        """Be told by the driver how a trial ends, which only Tune knows."""
        self._endings[trial_id] = dict(summary)

    async def ending(self, trial_id: str) -> dict[str, Any]:
        """Return what the driver knows of a trial's end, for its summary."""
        return self._endings.pop(trial_id, {})

    async def accounts(self) -> tuple[dict[str, dict[str, Any]], list[str], bool]:
        """Return all accounts by trial, the notices that nobody has shown, and whether it was told.

        It does not know what the driver has told after Ray has started it again.
        """
        notices, self._notices = self._notices, []
        return dict(self._accounts), notices, self._told.is_set()

    async def say(self, text: str) -> None:
        """Keep a notice for the logger; without one, print it, which Ray shows in the notebook."""
        if self._common.get("logger") is None:
            _print_once(text)
        else:
            self._notices.append(text)

    def _key(self, request: Request) -> KnownKey:
        if request in self._keys:
            return self._keys[request]
        if request.key_file is not None:
            # Nobody on the driver saw this trial's config; the file is on this node.
            path = Path(self._common.get("folder") or ".", Path(request.key_file).expanduser())
            return KnownKey(read_key_file(str(path)))
        return self._keys.get(Request(request.host), KnownKey())


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
            # Killed, by the kernel when memory is short, it comes back and is told again.
            max_restarts=-1,
            max_task_retries=-1,
            # On the driver's node, where the key file is, if Ray runs there.
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True),
        )
        .remote()
    )


def find_broker() -> Any:
    """Return this job's broker, or None where nobody has started one."""
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
