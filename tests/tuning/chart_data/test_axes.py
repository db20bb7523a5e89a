"""The axis that suits some values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tune_wandb_nb.tuning.chart_data.axes import MISSING, axis_for


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
def test_kind(values: list[object], kind: str) -> None:
    axis = axis_for("x", values)
    assert axis.kind == kind
    placed = axis.place(values)
    assert ((placed >= 0) & (placed <= 1) | np.isnan(placed)).all()
    assert all(0 <= where <= 1 for where, _ in axis.ticks)


def test_what_is_declared_logarithmic_is() -> None:
    assert axis_for("x", [0.1, 0.2], log=True).kind == "log"
    assert axis_for("x", [1e-5, 1e-4, 1e-3], log=False).kind == "linear"


def test_numbers_among_categories_keep_their_order() -> None:
    assert axis_for("x", ["auto", 16, 128, 2]).categories == ("2", "16", "128", "auto")


def test_missing_values_are_gaps() -> None:
    assert np.isnan(axis_for("x", [1, MISSING, 3]).place([MISSING])).all()


def test_whole_numbers_get_whole_ticks() -> None:
    assert [text for _, text in axis_for("layers", [1, 3, 2]).ticks] == ["1", "2", "3"]
    assert [text for _, text in axis_for("x", [1, 1.5, 3]).ticks][:2] == ["1", "1.5"]


def test_many_categories_get_few_ticks() -> None:
    axis = axis_for("x", [f"category-number-{i}" for i in range(100)])
    assert len(axis.ticks) <= 12
    assert max(len(text) for _, text in axis.ticks) <= 14
