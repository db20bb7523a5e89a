"""Which checkpoints of a trial are logged, and under which aliases."""

from __future__ import annotations

import math

import pytest

from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice, SavedCheckpoint


def saved(iteration: int, loss: object) -> SavedCheckpoint:
    metrics = {} if loss is None else {"loss": loss}
    return SavedCheckpoint(f"c{iteration}", "local", iteration, metrics)


def logged(
    which: bool | str, losses: list[object], best: tuple[str, str] | None
) -> tuple[list[tuple[str, bool]], tuple[str, bool] | None]:
    """Return what is logged under way and at the end: its path, and whether it is called best."""
    choice = CheckpointChoice(which, best)
    taken = [choice.take(saved(i, loss)) for i, loss in enumerate(losses, start=1)]
    rest = choice.rest()
    assert choice.rest() is None
    now = [(each.path, each.is_best) for each in taken if each is not None]
    return now, None if rest is None else (rest.path, rest.is_best)


@pytest.mark.parametrize(
    ("which", "losses", "best", "now", "at_the_end"),
    [
        (True, [3, 1, 2], None, [("c1", False), ("c2", False), ("c3", False)], None),
        (True, [3, 1, 2], ("loss", "min"), [("c1", True), ("c2", True), ("c3", False)], None),
        ("last", [3, 1, 2], None, [], ("c3", False)),
        ("last", [3, 1], ("loss", "min"), [], ("c2", True)),
        ("best", [3, 1, 2], ("loss", "min"), [], ("c2", True)),
        ("best", [3, 1, 2], ("loss", "max"), [], ("c1", True)),
        ("best", [math.nan, 2, math.nan], ("loss", "min"), [], ("c2", True)),
        ("best", [None, "text"], ("loss", "min"), [], None),
        (False, [1], None, [], None),
    ],
)
def test_a_choice(
    which: bool | str,
    losses: list[object],
    best: tuple[str, str] | None,
    now: list[tuple[str, bool]],
    at_the_end: tuple[str, bool] | None,
) -> None:
    if which is False:
        assert CheckpointChoice(which, best).is_none
        return
    assert logged(which, losses, best) == (now, at_the_end)
