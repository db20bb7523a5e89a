"""One wandb-core for all trials of a node: a process of W&B's that costs 50 MB and half a second.

wandb uses the one that ``WANDB_SERVICE`` names. The shared one ends when idle, and is nobody's
child: Ray kills the children of a worker that ends.
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
    "free_abandoned_run",
    "mark_abandoned",
    "mark_unclosable",
    "start_core",
]

MOST_CORES = 5
"""After so many deaths of wandb-core runs go offline."""
_IDLE = "60s"
_START_TIMEOUT = 10.0
_LOOK_EVERY = 0.01
_ARRIVES_WITHIN = 2.0

_abandoned: set[str] = set()
"""Runs that could not be closed, or opened offline, and that wandb-core still holds."""
_unclosable: set[str] = set()
"""Runs that could not be opened online.

wandb-core 0.31, asked to close one, waits for its opening forever, and all other runs with it.
"""


class CoreSharing:
    def __init__(self, broker: Any) -> None:
        self._broker = broker
        self._asked: threading.Thread | None = None
        self._token: str | None = None

    def start_looking(self) -> None:
        if self._asked is None and self._broker is not None and _can_share():
            self._asked = threading.Thread(target=self._find, daemon=True)
            self._asked.start()

    def set_service(self) -> None:
        """Let the next ``wandb.init`` use the core that was found."""
        # The driver's, which may have ended.
        inherited = os.environ.get(SERVICE)
        if self._asked is not None:
            self._asked.join()
        if self._token is not None:
            os.environ[SERVICE] = self._token
        elif inherited is not None and not answers(inherited):
            del os.environ[SERVICE]

    def use_own_core(self) -> None:
        self._token = None
        forget_core()

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
    """Return the token, or None."""
    binary = core_binary()
    if binary is None or not binary.exists():
        return None
    with tempfile.TemporaryDirectory() as temporary:
        port_file = Path(temporary, "port")
        command = core_command(binary, port_file, idle)
        # The shell ends at once.
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
    address = address_of(token)
    if address is None:
        return False
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as client:
        client.settimeout(1.0)
        return client.connect_ex(address) == 0


def mark_abandoned(run_id: str) -> None:
    _abandoned.add(run_id)


def mark_unclosable(run_id: str) -> None:
    _unclosable.add(run_id)


def free_abandoned_run(run_id: str) -> None:
    """Called as late as possible: while the run's server hangs, all other runs wait."""
    if run_id in _abandoned and run_id not in _unclosable:
        _abandoned.discard(run_id)
        forget_run(run_id)


class CoreWatch:
    """Counts the deaths of this process's wandb-core, which all its runs share.

    After ``most`` deaths it `is_hopeless`: what crashed them would crash the next one too.
    """

    def __init__(self, most: int = MOST_CORES) -> None:
        self.number = 0
        self._most = most
        self._lock = threading.Lock()
        self._last_death = -math.inf

    @property
    def is_hopeless(self) -> bool:
        return self.number >= self._most

    def replace_dead_core(self, number: int) -> bool:
        """Let ``wandb.init`` start a new core; False if the one of ``number`` lives."""
        with self._lock:
            if number == self.number:
                token = os.environ.get(SERVICE)
                if token is not None and answers(token):
                    return False
                forget_core()
                self.number += 1
                self._last_death = time.monotonic()
            return True

    def wait_for_arrivals(self) -> None:
        time.sleep(max(0.0, self._last_death + _ARRIVES_WITHIN - time.monotonic()))


def forget_core() -> None:
    import wandb

    _abandoned.clear()
    _unclosable.clear()
    os.environ.pop(SERVICE, None)
    # The connection's other end may be gone.
    with contextlib.suppress(Exception):
        wandb.teardown()


def _can_share() -> bool:
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
