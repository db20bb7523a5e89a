from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import tune_wandb_nb as tw
from tests.widgets.doctor.pages import Page


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing of this machine: no key, no settings, no Jupyter."""
    for name in [*os.environ]:
        if name.startswith(("WANDB_", "TUNE_")) or name == "JPY_PARENT_PID":
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / ".netrc"))
    tw.logout()
    yield tmp_path / "home"
    tw.logout()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a server that does not exist."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def page(capsys: pytest.CaptureFixture[str], nobody: str) -> Page:
    """Print the page and return its text."""

    def read(host: str | None = nobody, timeout: float = 5.0) -> str:
        capsys.readouterr()
        tw.doctor(host=host, timeout=timeout)
        return capsys.readouterr().out

    return read
