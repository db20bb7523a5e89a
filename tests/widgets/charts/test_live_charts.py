from __future__ import annotations

import itertools
import math

from tests.boards import search
from tests.widgets.evil import EVIL
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts


def test_an_empty_board_says_what_will_come() -> None:
    charts = LiveCharts()
    charts.show(TrialBoard("m", "max").snapshot())
    assert "No curve yet" in charts.curves.legend.value
    assert "first result" in charts.parallel.note.value
    assert "four trials" in charts.importance.value
    assert charts.schedule.children == ()


def test_curves_appear_with_the_best_on_top() -> None:
    charts = LiveCharts()
    charts.show(search(30))
    assert charts.metric.value == "score"
    assert charts.curves.best.y.shape == (6, 3)
    assert charts.curves.others.y.shape == (24, 3)
    assert "24 more in grey" in charts.curves.legend.value
    assert charts.parallel.lines.y.shape == (30, 4)
    assert charts.parallel.titles.text.tolist() == ["lr", "act", "noise", "score"]
    charts.importance.wait()
    assert "random forest over 30 trials" in charts.importance.value


def test_controls_redraw_at_once() -> None:
    charts = LiveCharts()
    charts.show(search(3))
    assert charts.curves.best.x[0].tolist() == [1, 2, 3]
    charts.step.value = "seconds"
    assert charts.curves.best.x[0].tolist() == [0.5, 1, 1.5]
    charts.param.value = "act"
    assert len(set(charts.scatter.points.x.tolist())) == 3


def test_a_chosen_metric_stays_chosen_while_others_appear() -> None:
    board = TrialBoard("m", "max")
    board.record("a", {"training_iteration": 1, "m": 1.0, "x": 2.0})
    charts = LiveCharts()
    charts.show(board.snapshot())
    charts.metric.value = "x"
    board.record("a", {"training_iteration": 2, "m": 1.0, "x": 2.0, "a/b c%": 3.0})
    charts.show(board.snapshot())
    assert charts.metric.value == "x"
    assert [name for _, name in charts.metric.options] == ["m", "x", "a/b c%"]


def test_one_trial_one_result_nan_and_missing_metrics_can_be_drawn() -> None:
    board = TrialBoard("m", "max")
    board.add("a", name="a", params={"only": 1})
    board.record("a", {"training_iteration": 1, "m": math.nan})
    charts = LiveCharts(clock=itertools.count(step=60).__next__)
    charts.show(board.snapshot())
    board.record("a", {"training_iteration": 2, "m": 1.0})
    board.record("b", {"training_iteration": 1, "other": 1.0})
    charts.show(board.snapshot())
    assert "1 without this metric" in charts.curves.legend.value
    assert "differ in a hyperparameter" in charts.parallel.note.value


def test_names_cannot_become_markup() -> None:
    board = TrialBoard(EVIL, "max")
    for i in range(6):
        board.add(f"{EVIL}{i}", name=f"{EVIL}{i}", params={EVIL: f"{EVIL}{i}", "n": i})
        board.record(f"{EVIL}{i}", {"training_iteration": 1, EVIL: float(i)})
        board.change(f"{EVIL}{i}", "done")
    charts = LiveCharts()
    charts.show(board.snapshot())
    charts.importance.wait()
    for text in (charts.curves.legend.value, charts.importance.value, charts.parallel.note.value):
        assert "<script" not in text
        assert "<img" not in text


def test_heavy_charts_refresh_less_often_until_the_search_ends() -> None:
    now = 0.0
    board = TrialBoard("m", "max")

    def grow() -> None:
        for i in range(400):
            board.record(f"t{i}", {"training_iteration": len(drawn), "m": 1.0})

    drawn: list[int] = []
    charts = LiveCharts(clock=lambda: now)
    charts.curves.others.observe(lambda _: drawn.append(1), "y")
    for _ in range(4):
        grow()
        charts.show(board.snapshot())
    assert len(drawn) == 1
    now = 60.0
    grow()
    charts.show(board.snapshot())
    assert len(drawn) == 2
    grow()
    board.end()
    charts.show(board.snapshot())
    assert len(drawn) == 3
