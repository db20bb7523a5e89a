"""wandb-core: its place, its command line, its address file and its tokens, in a real one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.wire.fixtures import StartRun
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

USE = """
import os, psutil, wandb
run = wandb.init(project="p", mode="offline", settings=wandb.Settings(silent=True, console="off"))
run.log({"value": 1})
run.finish()
started = [p for p in psutil.Process().children(recursive=True) if "wandb-core" in p.name()]
print(os.environ["WANDB_SERVICE"], len(started))
"""


def binary() -> Path:
    found = core_binary()
    assert found is not None
    return found


@pytest.fixture
def address_file(tmp_path: Path) -> Iterator[Path]:
    """Where a real wandb-core, started with our command, has written its address."""
    file = tmp_path / "address"
    process = subprocess.Popen(
        core_command(binary(), file, "60s"), env=core_environment(os.environ), cwd=tmp_path
    )
    deadline = time.monotonic() + 20
    while not file.exists() or listened_sockets(file) is None:
        assert process.poll() is None, f"wandb-core refuses {core_command(binary(), file, '60s')}"
        assert time.monotonic() < deadline, "wandb-core writes no address file that ends"
        time.sleep(0.01)  # another process writes the file: there is no event to wait for
    yield file
    process.terminate()
    process.wait(timeout=10)


def test_the_program_is_where_we_look() -> None:
    assert os.access(binary(), os.X_OK)


def test_wandbs_sources_show_that_it_knows_detached_cores() -> None:
    assert knows_detached_cores(), "wandb's starter or the version of its tokens has changed"


def test_the_command_starts_a_core_that_listens_on_one_unix_socket(address_file: Path) -> None:
    (found,) = listened_sockets(address_file) or ()
    assert address_of(token_of(found)) == found
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(found)


def test_wandb_uses_the_core_of_our_token(address_file: Path, tmp_path: Path) -> None:
    (found,) = listened_sockets(address_file) or ()
    token = token_of(found)
    done = subprocess.run(
        [sys.executable, "-c", USE],
        env={**os.environ, SERVICE: token, "WANDB_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [token, "0"]


def test_the_token_of_wandbs_own_core_has_an_address(start_run: StartRun) -> None:
    run = start_run("one", mode="offline")
    address = address_of(os.environ[SERVICE])
    assert address is not None, f"{os.environ[SERVICE]} has another form than we read"
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as client:
        client.connect(address)
    run.finish()


@pytest.mark.parametrize("token", ["", "nonsense", "3-17-pipe-name", "3-17-tcp-elsewhere-80"])
def test_what_is_no_token_has_no_address(token: str) -> None:
    assert address_of(token) is None


@pytest.mark.parametrize("content", ["", "unix=/tmp/a\n", "unix=/tmp/a\nEO"])
def test_an_address_file_that_is_half_written_names_no_socket_yet(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "address").write_text(content)
    assert listened_sockets(tmp_path / "address") is None


def test_a_core_without_a_unix_socket_names_none(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("sock=8080\nEOF")
    assert listened_sockets(tmp_path / "address") == []


def test_the_environment_of_a_core_holds_neither_key_nor_token() -> None:
    given = {"WANDB_API_KEY": "secret", SERVICE: "3-1-unix-/gone", "PATH": "/bin"}
    assert core_environment(given) == {"PATH": "/bin"}


def test_a_detached_core_ends_when_it_is_idle(tmp_path: Path) -> None:
    process = psutil.Popen(
        core_command(binary(), tmp_path / "address", "100ms"), env=core_environment(os.environ)
    )
    assert process.wait(timeout=20) == 0
