"""What stays of a search without a kernel."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.importance import importance_data
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.tuning.chart_data.state_encoder import StateEncoder
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.dashboard.open_experiment import load_experiments, location_of
from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView
from tune_wandb_nb.widgets.report.picture import picture_png
from tune_wandb_nb.widgets.report.report import interactive, report_page, still_report

if TYPE_CHECKING:
    from ray import tune

__all__ = ["LastingReport", "write_report"]


class LastingReport:
    """``attempt`` calls a function and shows its error."""

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
        _write(path, self.html(), self._board.snapshot())

    def keep(self) -> None:
        """Put the state into what a notebook saves."""
        self._view.keep(self._view.lasting(self._board.snapshot(), self._context()))
        for output in self.outputs:
            self._attempt(partial(output.update, self.html, self.png))


def write_report(
    experiment: "str | os.PathLike[str] | tune.ResultGrid",
    path: "str | os.PathLike[str]",
    *,
    metric: str | None = None,
    mode: str | None = None,
) -> None:
    """Write the report of an experiment: one HTML file with its table and charts.

    Args:
        experiment: The path or URI (s3://, gs://) of its folder, or a ``tune.ResultGrid``.
        path: The file.
        metric: The tuned metric; by default what Tune's files say.
        mode: "min" or "max".

    Raises:
        SettingsError: the folder does not exist, cannot be read, or holds no experiment.
        OSError: the file cannot be written.

    Example:
        >>> tw.write_report("~/ray_results/digits", "report.html", metric="accuracy", mode="max")
    """
    board = TrialBoard(metric, mode)
    load_experiments(board, [location_of(experiment)])
    snapshot = board.snapshot()
    context = SearchContext(importance=importance_data(snapshot, snapshot.shown_metric))
    still = still_report(snapshot, picture_png(snapshot), [])
    _write(path, interactive(StateEncoder().lasting(snapshot, context), still), snapshot)


write_report.__module__ = "tune_wandb_nb"  # The path under which Tune pickles it.


def _write(path: "str | os.PathLike[str]", html: str, snapshot: BoardSnapshot) -> None:
    Path(path).write_text(report_page(html, snapshot.name), encoding="utf-8")
