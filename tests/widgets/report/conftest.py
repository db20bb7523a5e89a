from __future__ import annotations

import pytest

from tune_wandb_nb.widgets.base.frontend import OVERRIDE


@pytest.fixture(autouse=True)
def _in_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, "jupyterlab")
