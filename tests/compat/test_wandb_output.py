"""What wandb prints of calls that are not the user's."""

from __future__ import annotations

import importlib
import sys
from contextlib import nullcontext
from typing import Any

import pytest
import wandb

from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_output import silent_wandb

AUTHENTICATE = "wandb.sdk.lib.wbauth.authenticate"


@pytest.mark.parametrize("silent", [True, False])
def test_the_lines_about_a_runs_key(start_run: StartRun, capsys: Any, silent: bool) -> None:
    for run_id in ("one", "two"):
        with silent_wandb() if silent else nullcontext():
            run = start_run(run_id)
        run.finish()
    assert capsys.readouterr().err.count("session credentials") == (0 if silent else 2)


@pytest.mark.parametrize("silent", [True, False])
def test_the_error_about_a_notebooks_name(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, silent: bool
) -> None:
    def fail() -> None:
        raise ValueError("no server")

    monkeypatch.setattr(wandb.jupyter, "notebook_metadata_from_jupyter_servers_and_kernel_id", fail)
    with silent_wandb() if silent else nullcontext():
        assert wandb.jupyter.notebook_metadata(silent=False) == {}
    assert ("the name of this notebook" in capsys.readouterr().err) is not silent


def test_it_prints_again_outside_and_elsewhere(capsys: Any) -> None:
    term = importlib.import_module(AUTHENTICATE).term
    with silent_wandb():
        term.termwarn("unseen")
        wandb.termwarn("elsewhere")
    term.termwarn("seen")
    said = capsys.readouterr().err
    assert ("unseen" in said, "elsewhere" in said, "WARNING seen" in said) == (False, True, True)


def test_a_wandb_that_prints_elsewhere_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, AUTHENTICATE, None)
    with silent_wandb():
        pass
