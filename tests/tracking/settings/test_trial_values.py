"""Settings that are a function of the trial."""

from __future__ import annotations

from typing import Any

import pytest

from tune_wandb_nb import SettingsError
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.settings.trial_values import TrialView, call_functions

TRIAL = TrialView("1", "train_1", "search", {"lr": 0.1}, "/folder")


def test_functions_are_called_and_other_values_stay() -> None:
    given: dict[str, Any] = {
        "project": "p",
        "group": lambda trial: f"lr={trial.config['lr']}",
        "run_name": str,
        "dir": lambda trial: trial.local_path,
        "tags": ["a"],
    }
    called = call_functions(given, TRIAL)
    assert called == {
        "project": "p", "group": "lr=0.1", "run_name": "train_1", "dir": "/folder", "tags": ["a"]
    }  # fmt: skip
    assert call_functions(called, TRIAL) is called, "without a function nothing is copied"


def test_before_there_is_a_trial_a_function_is_not_given() -> None:
    settings = WandbSettings.resolve({"group": str, "name": str}, None, {"WANDB_RUN_GROUP": "g"})
    assert (settings.group, dict(settings.init)) == ("g", {})


def test_a_function_that_fails_says_which_and_for_which_trial() -> None:
    message = r"group=.* failed for train_1: .*'none'.*it must be a function of the trial"
    with pytest.raises(SettingsError, match=message):
        call_functions({"group": lambda trial: trial.config["none"]}, TRIAL)
