from __future__ import annotations

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.charts.scatter_chart import ScatterChart


def test_one_point_for_each_trial() -> None:
    chart = ScatterChart()
    assert chart.show(search(30), "score", "lr") > 0
    assert chart.points.x.shape == chart.points.y.shape == (30,)
    assert chart.points.names[0].startswith("trial_0")
    low, high = chart.points.y.min(), chart.points.y.max()
    assert chart.points.scales["y"].min < low < high < chart.points.scales["y"].max


def test_a_category_has_a_tick_for_each_value_and_more_padding() -> None:
    chart = ScatterChart()
    chart.show(search(30), "score", "lr")
    padding = -chart.points.scales["x"].min
    chart.show(search(30), "score", "act")
    assert sorted(chart.ticks.text.tolist()) == ["gelu", "relu", "tanh"]
    assert -chart.points.scales["x"].min > padding


def test_without_data_the_points_disappear() -> None:
    chart = ScatterChart()
    chart.show(search(3), "score", "lr")
    assert chart.show(TrialBoard("score", "max").snapshot(), "score", "lr") == 0
    assert len(chart.points.x) == 0
    assert len(chart.ticks.text) == 0
