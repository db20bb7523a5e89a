from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tune_wandb_nb import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.objectives import Objective, front_of, objectives_of

TWO = objectives_of(["loss", "accuracy"], ["min", "max"])


def trials(*values: tuple[float, float]) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(trial_id=str(i), metrics={"loss": loss, "accuracy": accuracy})
        for i, (loss, accuracy) in enumerate(values)
    ]


def test_a_metric_and_a_mode_or_as_many_of_both() -> None:
    assert objectives_of("loss", "min") == (Objective("loss", "min"),)
    assert objectives_of("loss", None) == (Objective("loss"),)
    assert objectives_of(None, "min") == ()
    assert (Objective("loss", "min"), Objective("accuracy", "max")) == TWO


@pytest.mark.parametrize(
    ("metric", "mode", "words"),
    [
        ("loss", "low", "mode must be 'min' or 'max', but it is 'low'"),
        (["a", "b"], "min", r"2 metrics \(a, b\) and 1 mode \(min\)"),
        (["a", "a"], ["min", "min"], "each metric must be named once, but got a, a"),
        ([1], ["min"], r"a name or a list of names, but it is \[1\]"),
        ("", "min", "metric must be a name"),
    ],
)
def test_what_does_not_fit_is_refused(metric: object, mode: object, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        TrialBoard(metric, mode)  # type: ignore[arg-type]


def test_the_front_is_what_no_other_trial_beats() -> None:
    found = trials((1, 1), (2, 2), (2, 1), (3, 3), (1, 1), (0.5, np.nan))
    assert front_of(found, TWO) == {"0", "1", "3", "4"}
    assert front_of([], TWO) == frozenset()
    assert front_of(found, TWO[:1]) == frozenset()


def test_the_front_is_that_of_comparing_all_pairs() -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 30, size=(300, 2)).astype(float)
    found = front_of(trials(*map(tuple, values)), TWO)
    scores = values * [-1, 1]
    beaten = [
        any((other >= own).all() and (other > own).any() for other in scores) for own in scores
    ]
    assert found == {str(i) for i, is_beaten in enumerate(beaten) if not is_beaten}
