from __future__ import annotations

from tests.boards import search
from tune_wandb_nb.widgets.charts.importance_chart import ImportanceChart


def test_importances_appear_with_enough_trials() -> None:
    chart = ImportanceChart()
    assert chart.show(search(3), "score") == 0
    chart.wait()
    assert "when four trials have finished" in chart.value
    chart.show(search(30), "score")
    chart.wait()
    assert "over 30 trials" in chart.value
    assert chart.value.index("lr") < chart.value.index("noise"), "the most important one is first"


def test_nothing_is_computed_for_few_more_trials() -> None:
    chart = ImportanceChart()
    chart.show(search(30), "score")
    chart.wait()
    shown = chart.value
    chart.show(search(32), "score")
    chart.wait()
    assert chart.value == shown
    chart.show(search(40), "score")
    chart.wait()
    assert "over 40 trials" in chart.value
