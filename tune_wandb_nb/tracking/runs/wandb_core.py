"""One wandb-core for all trials of a node: W&B's own process, which costs 50 MB and half a second.

wandb finds a core that runs already through the variable ``WANDB_SERVICE``. It is started apart
from the trial's process, since Ray kills the children of a worker that ends, and it ends by itself
once no trial has been connected for a while. Where it cannot be had, wandb starts one of its own.
"""

import contextlib
import math
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.waiting import wait_until

__all__ = [
    "MOST_CORES",
    "CoreSharing",
    "CoreWatch",
    "answers",
    "core_binary",
    "free_left_run",
    "is_in_use",
    "is_lost_connection",
    "leave_run",
    "never_started",
    "start_core",
]

MOST_CORES = 5
"""How many may die before online runs are better off offline."""
_SERVICE = "WANDB_SERVICE"
_IDLE = "60s"
_START_TIMEOUT = 10.0
_LOOK_EVERY = 0.01
_ARRIVES_WITHIN = 2.0
_SOCKET = re.compile(r"unix=(.+)")
_UNIX_TOKEN = re.compile(r"\d+-\d+-unix-(.+)")
_TCP_TOKEN = re.compile(r"\d+-\d+-tcp-localhost-(\d+)")
_IN_USE = re.compile(r"run ID .+ is in use")
_SUBREAPER = "RAY_kill_child_processes_on_worker_exit_with_raylet_subreaper"

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
        inherited = os.environ.get(_SERVICE)
        if self._asked is not None:
            self._asked.join()
        if self._token is not None:
            os.environ[_SERVICE] = self._token
        elif inherited is not None and not answers(inherited):
            del os.environ[_SERVICE]

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
        command = [
            *(str(binary), "--port-filename", str(port_file), "--pid", str(os.getpid())),
            *("--detached", "--idle-timeout", idle),
        ]
        # The shell ends at once, and what it has started belongs to nobody.
        shell = ["/bin/sh", "-c", '"$@" </dev/null >/dev/null 2>&1 &', "sh", *command]
        try:
            subprocess.run(  # noqa: S603 - wandb's own program
                shell, check=True, start_new_session=True, env=_clean_environment()
            )
        except (OSError, subprocess.SubprocessError):
            return None
        found = _wait_for_socket(port_file)
    return f"3-{os.getpid()}-unix-{found}" if found else None


def core_binary() -> Path | None:
    """Return where wandb's own program is, if it was installed; None without wandb."""
    folder = _wandb_folder()
    return None if folder is None else folder / "bin" / "wandb-core"


def answers(token: str) -> bool:
    """Tell whether somebody listens where a token says."""
    if (on_disk := _UNIX_TOKEN.fullmatch(token)) is not None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            return client.connect_ex(on_disk[1]) == 0
    if (port := _TCP_TOKEN.fullmatch(token)) is not None:
        with socket.socket() as client:
            client.settimeout(1.0)
            return client.connect_ex(("localhost", int(port[1]))) == 0
    return False


def is_lost_connection(error: Exception) -> bool:
    """Tell whether wandb says with an error that it cannot reach its wandb-core."""
    # wandb's own two are no part of its public interface.
    return isinstance(error, ConnectionError) or type(error).__name__ in (
        "MailboxClosedError",
        "WandbServiceConnectionError",
    )


def never_started(error: Exception) -> bool:
    """Tell whether wandb says with an error that the wandb-core it started was gone at once."""
    return type(error).__name__ == "ServicePollForTokenError"


def is_in_use(error: Exception) -> bool:
    """Tell whether wandb-core says with an error that it has a run with that id already."""
    return _IN_USE.search(str(error)) is not None


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
        import wandb

        _left.discard(run_id)
        # No part of wandb's public interface: without it the id stays in use, and wandb says so.
        with contextlib.suppress(Exception):
            wandb.setup().assert_service().inform_finish(run_id=run_id)


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
                token = os.environ.get(_SERVICE)
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
    os.environ.pop(_SERVICE, None)
    # What is left of the connection cannot be closed cleanly.
    with contextlib.suppress(Exception):
        wandb.teardown()


def _can_share() -> bool:
    """Tell whether a core can outlive the worker that starts it, and this wandb starts such."""
    if not hasattr(socket, "AF_UNIX") or os.environ.get(_SUBREAPER, "").lower() in ("1", "true"):
        return False
    folder = _wandb_folder()
    if folder is None:
        return False
    try:
        source = (folder / "sdk/lib/service/service_process.py").read_text()
        version = (folder / "sdk/lib/service/service_token.py").read_text()
    except OSError:
        return False
    # Older ones know no core that is detached, or another form of the token.
    return "--detached" in source and '_CURRENT_VERSION = "3"' in version


def _wandb_folder() -> Path | None:
    # Found, not imported: that takes a second, which other work can use.
    spec = find_spec("wandb")
    return Path(spec.origin).parent if spec and spec.origin else None


def _wait_for_socket(port_file: Path) -> str | None:
    # wandb's own client waits for the end of this file in the same way.
    lines = wait_until(lambda: _whole_file(port_file), _START_TIMEOUT, every=_LOOK_EVERY)
    found = [match[1] for line in lines if (match := _SOCKET.fullmatch(line))]
    return found[0] if found else None


def _whole_file(port_file: Path) -> list[str]:
    """Return the lines of a port file once wandb-core has written its last one."""
    with contextlib.suppress(OSError):
        lines = port_file.read_text().splitlines()
        if lines and lines[-1] == "EOF":
            return lines
    return []


def _clean_environment() -> dict[str, str]:
    """Leave the key out: the core is told each run's key by the run."""
    return {k: v for k, v in os.environ.items() if k not in ("WANDB_API_KEY", _SERVICE)}
