from __future__ import annotations

import numpy as np
import pytest

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.axes import axis_for
from tune_wandb_nb.widgets.charts.curve_chart import CurveChart
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts


def test_the_log_switch_draws_what_is_positive() -> None:
    board = TrialBoard("loss", "min")
    for i, loss in enumerate((100.0, 0.0, -1.0, 0.01)):
        board.record("a", {"training_iteration": i, "loss": loss})
    charts = LiveCharts()
    charts.show(board.snapshot())
    charts.log_scale.value = True
    y = charts.curves.best.y
    assert y[np.isfinite(y)] == pytest.approx([100, 0.01])
    assert type(charts.curves.best.scales["y"]).__name__ == "LogScale"
    charts.log_scale.value = False
    assert np.isfinite(charts.curves.best.y).all()


def test_what_did_not_change_is_not_sent_again() -> None:
    charts = LiveCharts()
    snapshot = search(5)
    charts.show(snapshot)
    sent: list[object] = []
    charts.curves.best.observe(sent.append, ["x", "y", "labels", "colors"])
    charts.show(snapshot)
    assert sent == []


def test_ticks_of_values_that_lie_close_together_tell_them_apart() -> None:
    board = TrialBoard("acc", "max")
    for i in range(4):
        board.add(f"t{i}", name=f"t{i}", params={"lr": 0.1 * (i + 1)})
        for step in range(1, 5):
            value = 0.9997 + 0.00001 * step * i
            board.record(f"t{i}", {"training_iteration": step, "acc": value})
    chart = CurveChart()
    chart.show(board.snapshot(), "acc")
    (axis,) = (one for one in chart.figure.axes if one.orientation == "vertical")
    assert axis.tick_format == ".6~g"
    texts = [text for _, text in axis_for("acc", [0.9997, 0.99971, 0.99982]).ticks]
    assert len(texts) == len(set(texts))


def test_a_curve_of_one_point_is_a_dot() -> None:
    board = TrialBoard("m", "max")
    board.record("a", {"training_iteration": 1, "m": 1.0})
    chart = CurveChart()
    chart.show(board.snapshot(), "m")
    assert chart.best.marker == "circle"
    for step in range(2, 9):
        board.record("a", {"training_iteration": step, "m": 1.0})
    chart.show(board.snapshot(), "m")
    assert chart.best.marker is None
