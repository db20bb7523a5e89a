"""What makes a search meet trouble at a moment that a test chooses, and what has to come of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray import tune

from tests.script_processes import StartScript, scripts
from tests.wire import WireServer
from tune_wandb_nb import WandbLogger, sync_runs

QUICK = {
    f"x_{client}_retry_wait_{bound}_seconds": 1
    for client in ("file_stream", "file_transfer", "graphql")
    for bound in ("min", "max")
} | {"x_file_stream_transmit_interval": 1}
"""wandb-core's own waits are up to a minute."""


class At(tune.Callback):
    """Does something as soon as Tune has heard of certain iterations of a trial."""

    def __init__(self, iterations: set[int], act: Callable[[], object]) -> None:
        self._left = set(iterations)
        self._act = act

    def on_trial_result(
        self, iteration: int, trials: Any, trial: Any, result: Any, **_: Any
    ) -> None:
        if result["training_iteration"] in self._left:
            self._left.discard(result["training_iteration"])
            self._act()

    def __reduce__(self) -> Any:
        return (tune.Callback, ())


class AfterFirstTrial(tune.Callback):
    """Does something once the first trial has ended, and every callback has heard of it."""

    def __init__(self, act: Callable[[str], object]) -> None:
        self._act: Callable[[str], object] | None = act
        self._first: str | None = None

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **_: Any) -> None:
        self._first = self._first or trial.trial_id

    def on_step_end(self, iteration: int, trials: Any, **_: Any) -> None:
        if self._first is not None and self._act is not None:
            act, self._act = self._act, None
            act(self._first)

    def __reduce__(self) -> Any:
        return (tune.Callback, ())


def wait_until(holds: Callable[[], object]) -> None:
    """Return when something holds of which nobody tells: another process, a file, a logger."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_offline(logger: WandbLogger) -> None:
    """Return when a logger has a run that is offline."""
    wait_until(lambda: "offline" in set(logger.audit()["mode"]))


@pytest.fixture
def logger_for(wire_server: WireServer) -> Callable[..., WandbLogger]:
    """Make a logger that is quick to try again."""

    def make(**given: Any) -> WandbLogger:
        default = {"project": "p", "host": wire_server.url, "api_key": wire_server.api_key}
        return WandbLogger(**default | {"settings": QUICK} | given)

    return make


@pytest.fixture
def script(
    request: pytest.FixtureRequest, tmp_path: Path, wandb_home: Path, ray_environ: dict[str, str]
) -> Iterator[StartScript]:
    """Start the test module's ``SCRIPT`` in a process of its own; see `scripts`."""
    with scripts(tmp_path, request.module.SCRIPT, ray_environ) as start:
        yield start


def cores() -> list[psutil.Process]:
    """The wandb-cores that this process has started."""
    return children("wandb-core")


def children(name: str) -> list[psutil.Process]:
    """What this process has started, also by others, and whose name begins so."""
    found = []
    for child in psutil.Process().children(recursive=True):
        # A worker of Ray may end meanwhile.
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name().startswith(name):
                found.append(child)
    return found


def kill(processes: list[psutil.Process]) -> None:
    """Kill processes; returns when they are gone."""
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)


def kill_core() -> None:
    """Kill wandb-core, as soon as there is one; returns when it is gone."""
    wait_until(cores)
    kill(cores())


@contextlib.contextmanager
def killing_cores(number: int) -> Iterator[None]:
    """Kill up to as many wandb-cores, one after the other, as soon as they are there."""
    killed: set[int] = set()
    is_over = threading.Event()

    def kill_each() -> None:
        # There is no event for the start of another process.
        while len(killed) < number and not is_over.wait(0.001):
            for core in [core for core in cores() if core.pid not in killed][:1]:
                killed.add(core.pid)
                kill([core])

    thread = threading.Thread(target=kill_each)
    thread.start()
    try:
        yield
        assert killed
    finally:
        is_over.set()
        thread.join()


def sync(source: Any, server: WireServer, *, may_be: frozenset[str] = frozenset()) -> None:
    """Upload what was recorded, and see that nothing is left.

    Args:
        source: What to upload.
        server: Where to.
        may_be: States of files, besides those of uploaded ones, that a test allows.
    """
    table = sync_runs(source, host=server.url, api_key=server.api_key, progress=False)
    assert set(table["state"]) <= {"synced", "rebuilt"} | may_be, table.to_dict("records")


def assert_all_there(server: WireServer, results: tune.ResultGrid) -> None:
    """W&B has exactly Tune's rows, in Tune's order, by value."""
    assert results.num_errors == 0
    server.wait_for(lambda s: len(s.runs) == len(results))
    for result in results:
        assert result.metrics is not None
        run = server.runs[result.metrics["trial_id"]]
        told = result.metrics_dataframe
        assert told is not None
        expected = list(zip(told["training_iteration"], told["value"], strict=True))
        there = [(row["training_iteration"], row["value"]) for row in run.rows]
        assert there == expected, server.describe()
        assert (run.gaps, run.complete, run.exit_code) == ((), True, 0)
        assert run.config["a"] == result.metrics["config"]["a"]
