"""Parallel coordinates of trials."""

from __future__ import annotations

import numpy as np

from tests.boards import search
from tune_wandb_nb.search_space.space.params import ParamType
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.picture_data import parallel_data


def test_one_row_a_trial_and_the_metric_last() -> None:
    data = parallel_data(search(12), "score")
    assert data is not None
    assert [axis.name for axis in data.axes] == ["lr", "act", "noise", "score"]
    assert [axis.kind for axis in data.axes][:2] == ["log", "category"]
    assert data.rows.shape == (12, 4)
    assert ((data.rows >= 0) & (data.rows <= 1)).all()
    assert data.goodness.argmax() == data.rows[:, -1].argmax()


def test_the_best_end_of_a_loss_is_the_small_one() -> None:
    data = parallel_data(search(12, mode="min"), "score")
    assert data is not None
    assert data.goodness.argmax() == data.rows[:, -1].argmin()


def test_past_the_limit_the_best_stay() -> None:
    snapshot = search(400)
    data = parallel_data(snapshot, "score", most=100)
    assert data is not None
    assert len(data.trials) <= 100
    assert {t.trial_id for t in snapshot.ranked()[:20]} <= {t.trial_id for t in data.trials}


def test_no_hyperparameter() -> None:
    board = TrialBoard("m", "max")
    board.record("a", {"training_iteration": 1, "m": 1.0})
    data = parallel_data(board.snapshot(), "m")
    assert data is not None
    assert [axis.name for axis in data.axes] == ["m"]


def test_a_trial_without_the_hyperparameter_is_a_gap() -> None:
    board = TrialBoard("m", "max")
    for name, params in (("a", {"x": 1}), ("b", {"x": 2}), ("c", {})):
        board.add(name, name=name, params=params)
        board.record(name, {"training_iteration": 1, "m": 1.0})
    data = parallel_data(board.snapshot(), "m")
    assert data is not None
    assert np.isnan(data.rows[2, 0])


def test_nothing_yet() -> None:
    empty = TrialBoard("m", "max").snapshot()
    assert parallel_data(empty, "m") is None


def test_a_search_space_says_what_is_a_category_and_what_is_logarithmic() -> None:
    board = TrialBoard("m", "max")
    board.use_types({"batch": ParamType((16, 32, 64)), "lr": ParamType(log=True)})
    for name, batch in (("a", 16), ("b", 64), ("c", 32)):
        board.add(name, name=name, params={"batch": batch, "lr": 0.1 + batch / 1000})
        board.record(name, {"training_iteration": 1, "m": 1.0})
    data = parallel_data(board.snapshot(), "m")
    assert data is not None
    assert [axis.kind for axis in data.axes[:2]] == ["category", "log"]
    assert data.rows[:, 0].tolist() == [0, 1, 0.5]
