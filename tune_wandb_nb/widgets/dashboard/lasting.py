"""What stays of a dashboard without a kernel: in a notebook's file and in a file of its own."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView
from tune_wandb_nb.widgets.report.picture import picture_png
from tune_wandb_nb.widgets.report.report import interactive, report_page, still_report

__all__ = ["LastingReport"]


class LastingReport:
    """``attempt`` calls a function, and shows the error of one that fails."""

    def __init__(
        self,
        board: TrialBoard,
        view: TrialsView,
        context: Callable[[], SearchContext],
        attempt: Callable[[Callable[[], Any]], Any],
    ) -> None:
        self._board, self._view = board, view
        self._context, self._attempt = context, attempt
        self.outputs: list[StaticOutput] = []

    def html(self) -> str:
        snapshot, context = self._board.snapshot(), self._context()
        still = still_report(snapshot, self.png(), [(url, text) for text, url in context.links])
        return interactive(self._view.lasting(snapshot, context), still)

    def png(self) -> bytes | None:
        drawn: bytes | None = self._attempt(partial(picture_png, self._board.snapshot()))
        return drawn

    def write(self, path: "str | os.PathLike[str]") -> None:
        page = report_page(self.html(), self._board.snapshot().name)
        Path(path).write_text(page, encoding="utf-8")

    def keep(self) -> None:
        """Put the state into everything that a notebook saves."""
        self._view.keep(self._view.lasting(self._board.snapshot(), self._context()))
        for output in self.outputs:
            self._attempt(partial(output.update, self.html, self.png))
