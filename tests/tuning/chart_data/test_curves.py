"""The curves of one metric, as charts draw them."""

from __future__ import annotations

import math

import numpy as np

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.picture_data import curve_data, join


def test_the_best_stand_out() -> None:
    data = curve_data(search(30), "score", best=4)
    assert [len(data.best), len(data.others)] == [4, 26]
    last = [line.y[-1] for line in data.best]
    assert last == sorted(last, reverse=True)
    assert last[-1] >= max(line.y[-1] for line in data.others)
    assert data.best[0].x.tolist() == [1, 2, 3]


def test_a_thousand_trials_stay_small() -> None:
    data = curve_data(search(1000, results=50), "score")
    assert sum(len(line.x) for line in data.lines) < 10_000


def test_nothing_to_draw() -> None:
    for metric in (None, "unknown", "score"):
        assert curve_data(TrialBoard("score", "max").snapshot(), metric).lines == ()


def test_a_metric_that_some_trials_never_had_or_only_as_nan() -> None:
    board = TrialBoard()
    board.record("a", {"training_iteration": 1, "m": 1.0})
    board.record("a", {"training_iteration": 2, "m": math.nan})
    board.record("b", {"training_iteration": 1, "m": math.nan})
    board.record("c", {"training_iteration": 1, "other": 1.0})
    data = curve_data(board.snapshot(), "m")
    assert [line.trial.trial_id for line in data.lines] == ["a"]


def test_lines_of_different_lengths_in_one_path() -> None:
    board = TrialBoard()
    for name, count in (("a", 3), ("b", 1)):
        for i in range(count):
            board.record(name, {"training_iteration": i, "m": i - 1.0})
    x, y = join(curve_data(board.snapshot(), "m").lines)
    assert x.tolist() == [0, 0, 0, 1, 2]
    assert y[[0, 2, 3, 4]].tolist() == [-1, -1, 0, 1]
    assert np.isnan(y[1])
    assert join([])[0].size == 0
