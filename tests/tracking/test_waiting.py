"""`wait_until` returns what its last look has found, found or not."""

from __future__ import annotations

import pytest

from tune_wandb_nb.tracking import waiting
from tune_wandb_nb.tracking.waiting import wait_until


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between looks, on a clock that only they move."""
    slept: list[float] = []
    monkeypatch.setattr(waiting.time, "sleep", slept.append)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: sum(slept))
    return slept


def test_the_first_true_result_is_returned(pauses: list[float]) -> None:
    looks = iter([0, "", "found", "not asked for"])
    assert wait_until(lambda: next(looks), 10, every=0.5) == "found"
    assert pauses == [0.5, 0.5]
    assert next(looks) == "not asked for"


def test_once_the_time_is_up_the_last_result_is_returned(pauses: list[float]) -> None:
    looks: list[int] = []

    def look() -> list[int]:
        looks.append(len(looks))
        return []

    assert wait_until(look, 2.0, every=0.75) == []
    assert (looks, pauses) == ([0, 1, 2, 3], [0.75, 0.75, 0.75])


def test_without_time_there_is_one_look(pauses: list[float]) -> None:
    assert wait_until(lambda: True, 0.0, every=1.0) is True
    assert pauses == []


def test_the_pause_doubles_up_to_a_limit(pauses: list[float]) -> None:
    looks = iter([False] * 5 + [True])
    assert wait_until(lambda: next(looks), 60, every=0.1, at_most_every=0.4)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.4, 0.4])
