from __future__ import annotations

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts
from tune_wandb_nb.widgets.charts.parallel_chart import ParallelChart


def test_no_hyperparameter() -> None:
    board = TrialBoard("m", "max")
    board.record("a", {"training_iteration": 1, "m": 1.0})
    charts = LiveCharts()
    charts.show(board.snapshot())
    assert "no hyperparameters" in charts.parallel.note.value
    assert charts.parallel.figure not in charts.parallel.children


def test_the_best_lines_are_drawn_last() -> None:
    chart = ParallelChart()
    sent = chart.show(search(30), "score")
    assert sent > 0
    goodness = chart.lines.color.tolist()
    assert goodness == sorted(goodness)
    assert chart.children == (chart.figure, chart.note)
    assert "30 trials, orange is best" in chart.note.value
