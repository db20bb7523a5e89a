"""`write_report`: the lasting report of an experiment's folder, without a dashboard."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.importance import importance_data
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.tuning.chart_data.state_encoder import StateEncoder
from tune_wandb_nb.widgets.dashboard.open_experiment import load_experiments, location_of
from tune_wandb_nb.widgets.report.picture import picture_png
from tune_wandb_nb.widgets.report.report import interactive, report_page, still_report

if TYPE_CHECKING:
    from ray import tune

__all__ = ["write_report"]


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
    tuned = snapshot.metric or next(iter(snapshot.metrics), None)
    context = SearchContext(importance=importance_data(snapshot, tuned))
    still = still_report(snapshot, picture_png(snapshot), [])
    page = report_page(interactive(StateEncoder().lasting(snapshot, context), still), snapshot.name)
    Path(path).write_text(page, encoding="utf-8")


write_report.__module__ = "tune_wandb_nb"  # The path under which Tune pickles it.
