"""One wandb-core for all trials of a node: W&B's own process, which costs 50 MB and half a second.

wandb finds a core that runs already through the variable ``WANDB_SERVICE``. It is started apart
from the trial's process, since Ray kills the children of a worker that ends, and it ends by itself
once no trial has been connected for a while. Where it cannot be had, wandb starts one of its own.
"""

import contextlib
import math
import os
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.ray import kills_detached_processes
from tune_wandb_nb.compat.wandb import forget_run
from tune_wandb_nb.compat.wandb_core import (
    SERVICE,
    address_of,
    core_binary,
    core_command,
    core_environment,
    knows_detached_cores,
    listened_sockets,
    token_of,
)
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = [
    "MOST_CORES",
    "CoreSharing",
    "CoreWatch",
    "answers",
    "free_left_run",
    "leave_run",
    "start_core",
]

MOST_CORES = 5
"""How many may die before online runs are better off offline."""
_IDLE = "60s"
_START_TIMEOUT = 10.0
_LOOK_EVERY = 0.01
_ARRIVES_WITHIN = 2.0

_left: set[str] = set()


class CoreSharing:
    """Gets this process a wandb-core that others on its node use too; asked for ahead of time.

    Args:
        broker: The actor that knows where each node's core is; None: everyone has its own.
    """

    def __init__(self, broker: Any) -> None:
        self._broker = broker
        self._asked: threading.Thread | None = None
        self._token: str | None = None

    def ask(self) -> None:
        """Start looking for it, beside whatever else this process does."""
        if self._asked is None and self._broker is not None and _can_share():
            self._asked = threading.Thread(target=self._find, daemon=True)
            self._asked.start()

    def settle(self) -> None:
        """Let the next ``wandb.init`` use what was found.

        What this process inherited from the one that started Ray is the driver's own, and does not
        outlive it.
        """
        inherited = os.environ.get(SERVICE)
        if self._asked is not None:
            self._asked.join()
        if self._token is not None:
            os.environ[SERVICE] = self._token
        elif inherited is not None and not answers(inherited):
            del os.environ[SERVICE]

    def give_up(self) -> None:
        """Have a core of one's own from now on: the shared one does not answer any more."""
        self._token = None
        give_up_core()

    def _find(self) -> None:
        import ray

        node = ray.get_runtime_context().get_node_id()
        stale = None
        for _ in range(2):
            token, shall_start = ray.get(self._broker.core.remote(node, stale))
            if shall_start:
                token = start_core()
                self._broker.core_started.remote(node, token)
            if token is None or answers(token):
                self._token = token
                return
            stale = token


def start_core(idle: str = _IDLE) -> str | None:
    """Start a wandb-core that is no child of this process; returns how to reach it, or None."""
    binary = core_binary()
    if binary is None or not binary.exists():
        return None
    with tempfile.TemporaryDirectory() as temporary:
        port_file = Path(temporary, "port")
        command = core_command(binary, port_file, idle)
        # The shell ends at once, and what it has started belongs to nobody.
        shell = ["/bin/sh", "-c", '"$@" </dev/null >/dev/null 2>&1 &', "sh", *command]
        try:
            subprocess.run(  # noqa: S603 - wandb's own program
                shell, check=True, start_new_session=True, env=core_environment(os.environ)
            )
        except (OSError, subprocess.SubprocessError):
            return None
        found = _wait_for_socket(port_file)
    return token_of(found) if found else None


def answers(token: str) -> bool:
    """Tell whether somebody listens where a token says."""
    address = address_of(token)
    if address is None:
        return False
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as client:
        client.settimeout(1.0)
        return client.connect_ex(address) == 0


def leave_run(run_id: str) -> None:
    """Note that this process's wandb-core has a run that could not be opened or closed.

    It holds the run's id until it is told to forget it; see `free_left_run`.
    """
    _left.add(run_id)


def free_left_run(run_id: str) -> None:
    """Have wandb-core forget a run that was left; others are none of our business.

    While the run's server hangs, this process's other runs would have to wait for it.
    """
    if run_id in _left:
        _left.discard(run_id)
        forget_run(run_id)


class CoreWatch:
    """Knows whether this process's wandb-core has died, and makes room for the next.

    All runs of the process share the core, and each sees for itself that it is gone: only the first
    of them clears away.

    Args:
        most: How many may die before online runs are better off offline: an answer of the server
            that makes wandb-core crash would do so again.
    """

    def __init__(self, most: int = MOST_CORES) -> None:
        self.number = 0
        """How many have died."""
        self._most = most
        self._lock = threading.Lock()
        self._last_death = -math.inf

    @property
    def is_hopeless(self) -> bool:
        """Whether so many have died that runs should not be online."""
        return self.number >= self._most

    def make_room(self, number: int) -> bool:
        """Let the next ``wandb.init`` start a new core; False if the one of ``number`` lives."""
        with self._lock:
            if number == self.number:
                token = os.environ.get(SERVICE)
                if token is not None and answers(token):
                    return False
                give_up_core()
                self.number += 1
                self._last_death = time.monotonic()
            return True

    def let_arrive(self) -> None:
        """Return when the server should have what the last one has sent before it died."""
        time.sleep(max(0.0, self._last_death + _ARRIVES_WITHIN - time.monotonic()))


def give_up_core() -> None:
    """Forget a core that does not answer any more."""
    import wandb

    _left.clear()
    os.environ.pop(SERVICE, None)
    # What is left of the connection cannot be closed cleanly.
    with contextlib.suppress(Exception):
        wandb.teardown()


def _can_share() -> bool:
    """Tell whether a core can outlive the worker that starts it, and this wandb starts such."""
    outlives = hasattr(socket, "AF_UNIX") and not kills_detached_processes(os.environ)
    return outlives and knows_detached_cores()


def _wait_for_socket(port_file: Path) -> str | None:
    # wandb's own client waits for the end of this file in the same way.
    wait_until(lambda: _sockets_in(port_file) is not None, _START_TIMEOUT, every=_LOOK_EVERY)
    found = _sockets_in(port_file)
    return found[0] if found else None


def _sockets_in(port_file: Path) -> list[str] | None:
    with contextlib.suppress(OSError):
        return listened_sockets(port_file)
    return None
