"""Curves that stay small however long a trial runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tune_wandb_nb.tuning.board.curve import GrowingCurve


def test_keeps_every_point_that_fits() -> None:
    curve = GrowingCurve(points=16)
    for i in range(16):
        curve.append(i, i, i * i)
    assert curve.freeze().values.tolist() == [i * i for i in range(16)]


@pytest.mark.parametrize("count", [17, 100, 5000])
def test_thins_to_a_fixed_number_and_keeps_what_matters(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    curve = GrowingCurve(points=32)
    for i, value in enumerate(values):
        curve.append(i, i, value)
    kept = curve.freeze()
    assert len(kept) <= 32
    assert (kept.iterations[0], kept.iterations[-1]) == (0, count - 1)
    assert (kept.values[0], kept.values[-1]) == (values[0], values[-1])
    assert (kept.values.min(), kept.values.max()) == (values.min(), values.max())
    assert (np.diff(kept.iterations) > 0).all()
    assert values[kept.iterations.astype(int)] == pytest.approx(kept.values)


def test_stays_evenly_spaced_however_often_it_was_thinned() -> None:
    curve = GrowingCurve(points=64)
    for i in range(20_000):
        curve.append(i, i, math.sin(i / 900))
    assert np.diff(curve.freeze().iterations).max() < 20_000 / 8


def test_numbers_that_are_not_finite_become_gaps() -> None:
    curve = GrowingCurve(points=8)
    for i in range(100):
        curve.append(i, i, 1.0 if i < 50 else math.nan if i < 75 else math.inf)
    values = curve.freeze().values
    assert len(values) <= 8
    assert values[0] == 1.0
    assert np.isnan(values[-1])


def test_what_was_frozen_does_not_change() -> None:
    curve = GrowingCurve(points=8)
    curve.append(1, 1, 1)
    before = curve.freeze()
    curve.append(2, 2, 2)
    assert before.values.tolist() == [1]
    with pytest.raises(ValueError, match="read-only"):
        before.values[0] = 5


def test_asks_for_a_sensible_number_of_points() -> None:
    with pytest.raises(ValueError, match="points >= 8 must hold, but got points=2"):
        GrowingCurve(points=2)


def test_a_trial_that_was_restored_goes_back_in_time() -> None:
    curve = GrowingCurve(points=8)
    for i in [*range(10), *range(5, 12)]:
        curve.append(i, i, i)
    assert curve.freeze().iterations[-1] == 11


def test_a_curve_can_be_thinned_once_more() -> None:
    curve = GrowingCurve(points=64)
    for i in range(64):
        curve.append(i, i / 2, math.sin(i))
    whole = curve.freeze()
    thin = whole.thinned(16)
    assert len(thin) <= 16
    assert (thin.values.min(), thin.values.max()) == (whole.values.min(), whole.values.max())
    assert thin.seconds.tolist() == (thin.iterations / 2).tolist()
    assert whole.thinned(64) is whole


def test_a_steep_start_is_followed_with_few_points() -> None:
    curve = GrowingCurve(points=128)
    for i in range(101):
        curve.append(i, i, 1 - math.exp(-i / 3))
    full = curve.freeze()
    thin = full.thinned(8)
    assert len(thin) == 8
    error = np.abs(full.values - np.interp(full.iterations, thin.iterations, thin.values))
    assert error.max() < 0.06
