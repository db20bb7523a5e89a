"""The record of one trial."""

from __future__ import annotations

from tune_wandb_nb.tuning.board.curve import GrowingCurve
from tune_wandb_nb.tuning.board.trial import GrowingTrial


def test_a_view_is_a_copy_that_is_made_once_until_the_trial_changes() -> None:
    trial = GrowingTrial("id", "name", 1, {"lr": 0.1})
    trial.curves["m"] = GrowingCurve(points=8)
    trial.curves["m"].append(1, 1, 0.5)
    trial.metrics["m"] = 0.5
    before = trial.freeze()
    assert trial.freeze() is before
    trial.metrics["m"] = 0.25
    trial.curves["m"].append(2, 2, 0.25)
    trial.view = None
    after = trial.freeze()
    assert (before.metrics["m"], after.metrics["m"]) == (0.5, 0.25)
    assert (len(before.curves["m"]), len(after.curves["m"])) == (1, 2)
    assert (after.trial_id, after.name, after.number, after.state) == ("id", "name", 1, "pending")
