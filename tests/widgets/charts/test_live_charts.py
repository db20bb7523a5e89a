from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pytest
from PIL import Image

from tests.tuning.chart_data.test_chart_data import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.axes import axis_for
from tune_wandb_nb.widgets.base.palette import BEST, TrialColors, blend
from tune_wandb_nb.widgets.charts.curve_chart import CurveChart
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts
from tune_wandb_nb.widgets.charts.picture import picture_png

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


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


def test_no_hyperparameter() -> None:
    board = TrialBoard("m", "max")
    board.record("a", {"training_iteration": 1, "m": 1.0})
    charts = LiveCharts()
    charts.show(board.snapshot())
    assert "no hyperparameters" in charts.parallel.note.value
    assert charts.parallel.figure not in charts.parallel.children


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


def test_what_did_not_change_is_not_sent_again() -> None:
    charts = LiveCharts()
    snapshot = search(5)
    charts.show(snapshot)
    sent: list[object] = []
    charts.curves.best.observe(sent.append, ["x", "y", "labels", "colors"])
    charts.show(snapshot)
    assert sent == []


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


@pytest.mark.parametrize("metric", ["score", None])
def test_the_lasting_picture_is_a_png(metric: str | None) -> None:
    png = picture_png(search(40))
    assert png is not None
    assert len(png) < 300_000
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert image.std() > 5
    assert picture_png(TrialBoard(metric, "max").snapshot()) is None


def test_names_in_the_picture_are_not_mathematics() -> None:
    board = TrialBoard("$\\frac{", "max")
    board.add("a", name="$x_", params={"$y^": 1})
    board.add("b", name="$x_", params={"$y^": 2})
    for name in "ab":
        board.record(name, {"training_iteration": 1, "$\\frac{": 1.0})
    assert picture_png(board.snapshot())


def test_colours() -> None:
    slots = TrialColors()
    first = slots.assign(["a", "b", "c"])
    assert slots.assign(["c", "x", "a"]) == [first[2], first[1], first[0]]
    assert len(set(slots.assign(list("abcdef")))) == len(BEST)
    assert (blend(0), blend(1), blend(9)) == ("#6a8fd8", "#e69f00", "#e69f00")


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
