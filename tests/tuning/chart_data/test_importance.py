"""The importance of each hyperparameter."""

from __future__ import annotations

import sys

import pytest

from tests.boards import search
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.chart_data.importance import importance_data


@pytest.mark.parametrize("forest", [True, False])
def test_finds_what_matters(forest: bool) -> None:
    data = importance_data(search(120), "score", forest=forest)
    assert data is not None
    assert data.method == ("random forest" if forest else "rank correlation")
    assert data.rows[0].name == "lr"
    assert sum(row.share for row in data.rows) == pytest.approx(1)
    assert not data.preliminary


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    data = importance_data(search(10), "score")
    assert data is not None
    assert data.method == "rank correlation"
    assert data.preliminary


def test_too_few_trials() -> None:
    assert importance_data(search(3), "score") is None


def test_a_metric_that_never_changes() -> None:
    board = TrialBoard("m", "max")
    for i in range(10):
        board.add(f"{i}", name="t", params={"x": i})
        board.record(f"{i}", {"training_iteration": 1, "m": 1.0})
        board.change(f"{i}", "done")
    for forest in (True, False):
        data = importance_data(board.snapshot(), "m", forest=forest)
        assert data is not None
        assert [row.share for row in data.rows] == [0]
