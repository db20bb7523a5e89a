from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.axes import MISSING, axis_for
from tune_wandb_nb.tuning.chart_data.curves import curve_data, join, stack
from tune_wandb_nb.tuning.chart_data.importance import importance_data
from tune_wandb_nb.tuning.chart_data.parallel import parallel_data, scatter_data
from tune_wandb_nb.tuning.chart_data.schedule import schedule_data

WORDS = ("relu", "tanh", "gelu")


def search(trials: int, results: int = 3, mode: str = "max") -> BoardSnapshot:
    """A search in which lr matters most, act somewhat and noise not at all."""
    random = np.random.default_rng(0)
    board = TrialBoard("score", mode)
    for i in range(trials):
        params = {
            "lr": float(10 ** random.uniform(-5, -1)),
            "act": WORDS[i % 3],
            "noise": float(random.uniform()),
            "constant": 7,
        }
        board.add(f"t{i}", name=f"trial_{i}", params=params)
        score = -abs(math.log10(params["lr"]) + 2) + 0.2 * (i % 3)
        for step in range(1, results + 1):
            board.record(
                f"t{i}",
                {"training_iteration": step, "time_total_s": step / 2, "score": score * 3 / step},
            )
        board.change(f"t{i}", "done")
    return board.snapshot()


class TestCurves:
    def test_the_best_stand_out_and_the_rest_is_named_until_it_is_a_crowd(self) -> None:
        data = curve_data(search(30), "score", best=4, named=10)
        assert [len(data.best), len(data.others), len(data.crowd)] == [4, 10, 16]
        last = [line.y[-1] for line in data.best]
        assert last == sorted(last, reverse=True)
        assert last[-1] >= max(line.y[-1] for line in (*data.others, *data.crowd))

    def test_by_time(self) -> None:
        assert curve_data(search(1), "score", "seconds").lines[0].x.tolist() == [0.5, 1, 1.5]

    def test_a_thousand_trials_stay_small(self) -> None:
        data = curve_data(search(1000, results=50), "score")
        assert sum(len(line.x) for line in data.lines) < 10_000

    def test_nothing_to_draw(self) -> None:
        for metric in (None, "unknown", "score"):
            assert curve_data(TrialBoard("score", "max").snapshot(), metric).lines == ()

    def test_a_metric_that_some_trials_never_had_or_only_as_nan(self) -> None:
        board = TrialBoard()
        board.record("a", {"training_iteration": 1, "m": 1.0})
        board.record("a", {"training_iteration": 2, "m": math.nan})
        board.record("b", {"training_iteration": 1, "m": math.nan})
        board.record("c", {"training_iteration": 1, "other": 1.0})
        data = curve_data(board.snapshot(), "m")
        assert [line.trial.trial_id for line in data.lines] == ["a"]
        assert data.missing == 2

    def test_a_line_ends_at_its_last_number(self) -> None:
        board = TrialBoard()
        for i, value in enumerate([1.0, math.nan, 3.0, math.nan]):
            board.record("a", {"training_iteration": i, "m": value})
        x, y = stack(curve_data(board.snapshot(), "m").lines)
        assert x.tolist() == [[0, 1, 2]]
        assert y[0, [0, 2]].tolist() == [1, 3]

    def test_lines_of_different_lengths_in_one_array(self) -> None:
        board = TrialBoard()
        for name, count in (("a", 3), ("b", 1)):
            for i in range(count):
                board.record(name, {"training_iteration": i, "m": i - 1.0})
        lines = curve_data(board.snapshot(), "m").lines
        x, y = stack(lines)
        assert x.tolist() == [[0, 0, 0], [0, 1, 2]]
        assert y.tolist() == [[-1, -1, -1], [-1, 0, 1]]
        x, y = join(lines, log=True)
        assert np.isfinite(x).all()
        assert y[np.isfinite(y)].tolist() == [1.0]
        assert np.isfinite(y[-1]), "bqplot puts a label at the last point"
        assert join([])[0].size == stack([])[0].size == 0
        assert stack(lines[1:2])[0].shape == (1, 3)
        assert stack(lines[:1])[0].shape == (1, 2)


class TestAxes:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ([0.1, 0.2, 0.3], "linear"),
            ([1e-5, 1e-4, 1e-3, 1e-2], "log"),
            ([0.0, 1e-4, 1e-3, 1e-2], "linear"),
            ([1, 25, 50, 75, 100], "linear"),
            (["a", "b"], "category"),
            ([True, False], "category"),
            ([1, "auto"], "category"),
            ([None, 0.5], "category"),
            ([0.5, math.nan], "linear"),
            ([3], "linear"),
            ([math.nan], "linear"),
        ],
    )
    def test_kind(self, values: list[object], kind: str) -> None:
        axis = axis_for("x", values)
        assert axis.kind == kind
        placed = axis.place(values)
        assert ((placed >= 0) & (placed <= 1) | np.isnan(placed)).all()
        assert all(0 <= where <= 1 for where, _ in axis.ticks)

    def test_what_is_declared_logarithmic_is(self) -> None:
        assert axis_for("x", [0.1, 0.2], log=True).kind == "log"
        assert axis_for("x", [1e-5, 1e-4, 1e-3], log=False).kind == "linear"

    def test_numbers_among_categories_keep_their_order(self) -> None:
        assert axis_for("x", ["auto", 16, 128, 2]).categories == ("2", "16", "128", "auto")

    def test_missing_values_are_gaps(self) -> None:
        assert np.isnan(axis_for("x", [1, MISSING, 3]).place([MISSING])).all()

    def test_whole_numbers_get_whole_ticks(self) -> None:
        assert [text for _, text in axis_for("layers", [1, 3, 2]).ticks] == ["1", "2", "3"]
        assert [text for _, text in axis_for("x", [1, 1.5, 3]).ticks][:2] == ["1", "1.5"]

    def test_many_categories_get_few_ticks(self) -> None:
        axis = axis_for("x", [f"category-number-{i}" for i in range(100)])
        assert len(axis.ticks) <= 12
        assert max(len(text) for _, text in axis.ticks) <= 14


class TestParallel:
    def test_one_row_a_trial_and_the_metric_last(self) -> None:
        data = parallel_data(search(12), "score")
        assert data is not None
        assert [axis.name for axis in data.axes] == ["lr", "act", "noise", "score"]
        assert [axis.kind for axis in data.axes][:2] == ["log", "category"]
        assert data.rows.shape == (12, 4)
        assert ((data.rows >= 0) & (data.rows <= 1)).all()
        assert data.goodness.argmax() == data.rows[:, -1].argmax()

    def test_the_best_end_of_a_loss_is_the_small_one(self) -> None:
        data = parallel_data(search(12, mode="min"), "score")
        assert data is not None
        assert data.goodness.argmax() == data.rows[:, -1].argmin()

    def test_past_the_limit_the_best_stay(self) -> None:
        snapshot = search(400)
        data = parallel_data(snapshot, "score", most=100)
        assert data is not None
        assert len(data.trials) <= 100
        assert data.left_out == 400 - len(data.trials)
        assert {t.trial_id for t in snapshot.ranked()[:20]} <= {t.trial_id for t in data.trials}

    def test_no_hyperparameter(self) -> None:
        board = TrialBoard("m", "max")
        board.record("a", {"training_iteration": 1, "m": 1.0})
        data = parallel_data(board.snapshot(), "m")
        assert data is not None
        assert [axis.name for axis in data.axes] == ["m"]

    def test_a_trial_without_the_hyperparameter_is_a_gap(self) -> None:
        board = TrialBoard("m", "max")
        for name, params in (("a", {"x": 1}), ("b", {"x": 2}), ("c", {})):
            board.add(name, name=name, params=params)
            board.record(name, {"training_iteration": 1, "m": 1.0})
        data = parallel_data(board.snapshot(), "m")
        assert data is not None
        assert np.isnan(data.rows[2, 0])

    def test_nothing_yet(self) -> None:
        empty = TrialBoard("m", "max").snapshot()
        assert parallel_data(empty, "m") is None
        assert scatter_data(empty, "m", "lr") is None

    def test_scatter(self) -> None:
        data = scatter_data(search(9), "score", "act")
        assert data is not None
        assert sorted(set(data.x.tolist())) == [0, 0.5, 1]


class TestImportance:
    @pytest.mark.parametrize("forest", [True, False])
    def test_finds_what_matters(self, forest: bool) -> None:
        data = importance_data(search(120), "score", forest=forest)
        assert data is not None
        assert data.method == ("random forest" if forest else "rank correlation")
        assert data.rows[0].name == "lr"
        assert sum(row.share for row in data.rows) == pytest.approx(1)
        assert {row.name: row.correlation is None for row in data.rows}["act"]
        assert not data.preliminary

    def test_without_scikit_learn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
        data = importance_data(search(10), "score")
        assert data is not None
        assert data.method == "rank correlation"
        assert data.preliminary

    def test_too_few_trials(self) -> None:
        assert importance_data(search(3), "score") is None

    def test_a_metric_that_never_changes(self) -> None:
        board = TrialBoard("m", "max")
        for i in range(10):
            board.add(f"{i}", name="t", params={"x": i})
            board.record(f"{i}", {"training_iteration": 1, "m": 1.0})
            board.change(f"{i}", "done")
        for forest in (True, False):
            data = importance_data(board.snapshot(), "m", forest=forest)
            assert data is not None
            assert [row.share for row in data.rows] == [0]


def test_schedule_follows_the_changes_and_who_copied_whom() -> None:
    board = TrialBoard("m", "max")
    for name in ("a", "b"):
        board.add(name, name=f"trial_{name}", params={"lr": 0.1, "n": 1})
        for step in (1, 2, 3):
            board.record(
                name, {"training_iteration": step, "m": 1.0, "config": {"lr": 0.1, "n": 1}}
            )
    board.copied("a", "b")
    board.record("a", {"training_iteration": 4, "m": 1.0, "config": {"lr": 0.2, "n": 1}})
    data = schedule_data(board.snapshot())
    assert data is not None
    assert data.param == "lr"
    assert data.steps["a"] == ((0, 0.1), (3, 0.2), (4, 0.2))
    assert data.steps["b"] == ((0, 0.1), (3, 0.1))
    (change,) = data.changes
    assert (change.trial, change.copied, change.values) == (
        "trial_a",
        "trial_b",
        (("lr", 0.1, 0.2),),
    )
    assert schedule_data(search(2)) is None
