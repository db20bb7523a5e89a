from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tune_wandb_nb import logout
from tune_wandb_nb.tuning.form.last_setup import STATE_DIR


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch, wandb_home: Path) -> Iterator[None]:
    """Neither a key of this machine nor a setup that another test has saved."""
    for name in [n for n in os.environ if n.startswith("WANDB_") and not n.endswith("_DIR")]:
        if name != "WANDB_SERVICE":
            monkeypatch.delenv(name)
    monkeypatch.setenv(STATE_DIR, str(wandb_home / "state"))
    yield
    logout()
