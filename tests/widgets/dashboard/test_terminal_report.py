from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tune_wandb_nb.tracking.runs.audit import AUDIT_COLUMNS
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.dashboard.terminal_report import TerminalReport


class Logger:
    """The part of a `WandbLogger` that the report uses."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def audit(self) -> pd.DataFrame:
        table = pd.DataFrame(index=range(self._rows), columns=list(AUDIT_COLUMNS))
        table["name"] = [f"train_{i}" for i in range(self._rows)]
        table["path"] = [f"wandb/offline-run-{i}" for i in range(self._rows)]
        table.loc[table.index[:1], "url"] = "https://wandb.example.com/e/p/runs/0" + "x" * 80
        return table


@pytest.fixture
def board() -> TrialBoard:
    return TrialBoard("m", "max")


def test_each_run_is_told_where_it_is_however_long_that_is(board: TrialBoard, capsys: Any) -> None:
    logger = Logger(2)
    TerminalReport(board, lambda: logger)
    board.begin()
    board.end()
    board.end(error="once more")
    _, _, online, offline = capsys.readouterr().out.splitlines()
    assert online.split()[-1] == "https://wandb.example.com/e/p/runs/0" + "x" * 80
    assert offline.split()[-1] == "wandb/offline-run-1"


def test_a_resumed_search_is_told_again(board: TrialBoard, capsys: Any) -> None:
    TerminalReport(board, lambda: Logger(1))
    for _ in range(2):
        board.begin()
        board.end()
    assert capsys.readouterr().out.count("what became of the rows of each trial") == 2


def test_hundreds_of_trials_and_no_logger(board: TrialBoard, capsys: Any) -> None:
    TerminalReport(board, lambda: Logger(250))
    TerminalReport(board, lambda: None)
    board.begin()
    board.end()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 103
    assert lines[-1] == "... and 150 more; see .audit() of the logger"
