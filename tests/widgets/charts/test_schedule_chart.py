from __future__ import annotations

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts


def test_the_schedule_appears_with_the_first_change() -> None:
    board = TrialBoard("m", "max")
    for name in "ab":
        for step in (1, 2):
            board.record(name, {"training_iteration": step, "m": 1.0, "config": {"lr": 0.1}})
    board.copied("a", "b")
    board.record("a", {"training_iteration": 3, "m": 1.0, "config": {"lr": 0.2}})
    charts = LiveCharts()
    charts.show(board.snapshot())
    assert charts.schedule.lines in charts.schedule.figure.marks
    assert charts.schedule.figure in charts.schedule.children
    assert charts.schedule.lines.y.shape == (2, 3)
    assert "0.1 → 0.2" in charts.schedule.changes.value
