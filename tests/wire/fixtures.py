"""Fixtures for `pytest_plugins = ["tests.wire.fixtures"]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import wandb

from tests.wire.server import WireServer

asks_the_runs_server = pytest.mark.skipif(
    hasattr(wandb.util, "_get_max_cli_version"),
    reason="this wandb asks the server of its environment whether it takes images",
)


class StartRun(Protocol):
    """Opens a run on the server of `wire_server`, or offline with `mode="offline"`."""

    def __call__(self, run_id: str, *, api_key: str = ..., **given: Any) -> wandb.Run:
        """Call `wandb.init` with what is given."""
        ...


@pytest.fixture
def wire_server() -> Iterator[WireServer]:
    """A W&B server; the test fails if a client asked it for something it does not know."""
    with WireServer() as server:
        yield server
        server.assert_clean()


@pytest.fixture(scope="module")
def wandb_core() -> Iterator[None]:
    """One wandb-core for all tests of a module; it does not survive them."""
    yield
    wandb.teardown()


@pytest.fixture
def wandb_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep wandb away from this machine's settings, keys and caches."""
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(tmp_path / f"wandb-{name.lower()}"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path


@pytest.fixture
def start_run(wire_server: WireServer, wandb_core: None, wandb_home: Path) -> StartRun:
    """The real `wandb.init`, lean, and as quick with sending and retrying as it can be."""

    def start(run_id: str, *, api_key: str = wire_server.api_key, **given: Any) -> wandb.Run:
        # wandb-core cuts these seconds to whole numbers and takes a 0 for its own default.
        waits: dict[str, Any] = {
            f"x_{client}_retry_wait_{bound}_seconds": 1
            for client in ("file_stream", "file_transfer", "graphql")
            for bound in ("min", "max")
        }
        settings = wandb.Settings(
            base_url=wire_server.url,
            api_key=api_key,
            console="off",
            silent=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_machine_info=True,
            x_save_requirements=False,
            x_file_stream_transmit_interval=1,
            **waits,
        )
        defaults: dict[str, Any] = {"mode": "online", "project": "p", "dir": wandb_home}
        return wandb.init(id=run_id, settings=settings, reinit="create_new", **(defaults | given))

    return start


@pytest.fixture
def quick_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs of this process ask every tenth of a second, not every 15 s, whether to stop."""
    ask_soon(monkeypatch.setattr)


def ask_soon(set_attribute: Callable[..., None] = setattr) -> None:
    """As `quick_stops`, for the process of a trial."""
    import asyncio

    from wandb.sdk.lib import run_stopping

    set_attribute(run_stopping, "_SLEEP", lambda _: asyncio.sleep(0.1))
