"""What every test needs: wandb and Ray kept away from this machine's settings and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["tests.searches", "tests.wire.fixtures"]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test leave its files in its own folder, not in the checkout."""
    monkeypatch.chdir(tmp_path)
