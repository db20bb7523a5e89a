"""What can go wrong between a client and W&B, on demand."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Fault:
    """One rule; it applies until it is stopped or used up."""

    path_contains: str = ""
    operation: str | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int = 200
    retry_after: float | None = None
    after: bool = False
    body: bytes | None = None
    hits: int = 0
    """How many requests it struck."""
    stopped: bool = False
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def stop(self) -> None:
        """Let requests through again."""
        self.stopped = True

    def strikes(self, path: str, operation: str) -> bool:
        """Whether this request is struck; counts it if so."""
        used_up = self.times is not None and self.hits >= self.times
        if self.stopped or used_up or self.path_contains not in path:
            return False
        if self.operation not in (None, operation) or self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one server. Nothing is wrong at the start."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self.latency = 0.0
        """Seconds before each request is looked at."""
        self.hanging = 0
        """How many requests wait for `release` right now."""
        self._notify = notify
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._hang_path = ""
        self._open = threading.Event()
        self._open.set()

    def fail(
        self,
        status: int = 500,
        *,
        times: int | None = None,
        path_contains: str = "",
        operation: str | None = None,
        retry_after: float | None = None,
        probability: float = 1.0,
        seed: int = 0,
        after: bool = False,
    ) -> Fault:
        """Answer requests with an error status instead of handling them.

        With `after=True` the request is handled and only its answer is lost, so that the
        client sends again what the server already has. An `operation` is a GraphQL operation's
        name, "file_stream" or "upload".
        """
        return self._add(
            Fault(
                path_contains=path_contains,
                operation=operation,
                times=times,
                probability=probability,
                seed=seed,
                status=status,
                retry_after=retry_after,
                after=after,
            )
        )

    def malformed(
        self, operation_name: str, *, times: int | None = None, body: bytes | None = None
    ) -> Fault:
        """Answer an operation with 200 and nonsense: by default a null instead of its object."""
        field_name = operation_name[:1].lower() + operation_name[1:]
        nonsense = b'{"data":{"%s":null}}' % field_name.encode()
        return self._add(Fault(operation=operation_name, times=times, body=body or nonsense))

    def hang(self, path_contains: str = "") -> None:
        """Let requests wait, unanswered, until `release`."""
        self._hang_path = path_contains
        self._open.clear()

    def release(self) -> None:
        """Go on with the requests that hang; those whose client has gone are dropped."""
        self._open.set()

    def clear(self) -> None:
        """End every fault."""
        self.latency = 0.0
        with self._lock:
            self._faults.clear()
        self.release()

    def wait_if_hanging(self, path: str) -> None:
        """Return at once, or when `release` is called."""
        if self._open.is_set() or self._hang_path not in path:
            return
        self._count(1)
        self._open.wait()
        self._count(-1)

    def pick(self, path: str, operation: str) -> Fault | None:
        """Return the first fault that strikes this request."""
        with self._lock:
            return next((f for f in self._faults if f.strikes(path, operation)), None)

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def _count(self, change: int) -> None:
        with self._lock:
            self.hanging += change
        self._notify()
