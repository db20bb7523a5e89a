"""One wandb-core for all trials of a node: W&B's own process, which costs 50 MB and half a second.

wandb connects to a running core that ``WANDB_SERVICE`` names; without one each process starts its
own. The shared core is no child of a trial's process, since Ray kills the children of a worker that
ends; it ends by itself once no trial has been connected for a while.
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
"""After so many deaths of wandb-core runs are opened offline."""
_IDLE = "60s"
_START_TIMEOUT = 10.0
_LOOK_EVERY = 0.01
_ARRIVES_WITHIN = 2.0

_abandoned: set[str] = set()
"""Ids of runs that this process's wandb-core still holds though nobody uses them."""
_unclosable: set[str] = set()
"""Ids of runs that it could not open online."""


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
        """Let the next ``wandb.init`` of this process use the core that was found.

        A core inherited in the environment is the driver's, and may have ended with the driver.
        """
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
    """Start a wandb-core that is no child of this process; returns its token, or None."""
    binary = core_binary()
    if binary is None or not binary.exists():
        return None
    with tempfile.TemporaryDirectory() as temporary:
        port_file = Path(temporary, "port")
        command = core_command(binary, port_file, idle)
        # The shell ends at once, so that the core is nobody's child.
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
    """Note that wandb-core holds a run that could not be closed, or opened offline."""
    _abandoned.add(run_id)


def mark_unclosable(run_id: str) -> None:
    """Note that a run could not be opened online: its id stays in use while wandb-core lives.

    If wandb-core 0.31 is asked to close such a run, it waits for the run's opening forever, and all
    other runs of this process wait with it.
    """
    _unclosable.add(run_id)


def free_abandoned_run(run_id: str) -> None:
    """Have wandb-core forget a run that was marked as abandoned.

    Not done earlier than needed: while the run's server hangs, all other runs of the process wait.
    """
    if run_id in _abandoned and run_id not in _unclosable:
        _abandoned.discard(run_id)
        forget_run(run_id)


class CoreWatch:
    """Notices that this process's wandb-core has died, and lets the next one start.

    All runs of the process share the core; only the first to notice its death removes what is left
    of it. After ``most`` deaths it `is_hopeless`: a server's answer that crashes wandb-core would
    crash the next one too.
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
        """Let the next ``wandb.init`` start a new core; False if the one of ``number`` lives."""
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
        """Wait until the server should have what the last core had sent before it died."""
        time.sleep(max(0.0, self._last_death + _ARRIVES_WITHIN - time.monotonic()))


def forget_core() -> None:
    import wandb

    _abandoned.clear()
    _unclosable.clear()
    os.environ.pop(SERVICE, None)
    # wandb cannot close a connection cleanly whose other end is gone.
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
