"""The counts of a run: what is dropped has a reason, and what is missing is explained."""

from __future__ import annotations

import pytest

from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.settings.settings import Mode


def stats(mode: Mode = "online", **values: int) -> RunStats:
    made = RunStats("t", "train_t", "t", mode)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_nothing_is_said_of_a_run_that_has_everything() -> None:
    assert stats(reported=3, logged=3).explain() == ""


def test_dropped_rows_are_explained_reason_by_reason() -> None:
    counted = stats(reported=6, logged=1)
    counted.drop("not a number")
    counted.lose("the disk is full", 3)
    counted.lose("the disk is full")
    assert (counted.dropped, counted.lost) == (5, 4)
    assert counted.explain() == "1 rows dropped: not a number; 4 rows dropped: the disk is full"


def test_rows_that_are_neither_logged_nor_dropped_are_on_their_way() -> None:
    assert stats(reported=5, logged=2).explain() == "3 rows on their way"


def test_a_disabled_run_lacks_nothing() -> None:
    assert stats("disabled", reported=5).explain() == "mode is 'disabled'"


def test_values_that_were_left_out_are_named() -> None:
    counted = stats()
    counted.left_out = {("names", "set"): 4}
    assert counted.explain() == "4 values of 'names' left out (set)"


def test_a_run_that_went_offline_says_why_until_it_is_uploaded() -> None:
    counted = stats()
    counted.go_offline("the server is down")
    counted.add_note("not closed: OSError")
    assert (counted.mode, counted.trouble) == ("offline", "the server is down")
    assert counted.explain() == "offline: the server is down; not closed: OSError"
    counted.run_id = "t-offline"
    counted.mark_uploaded("https://wandb.example.com/me/digits")
    assert (counted.mode, counted.trouble) == ("online", "")
    assert counted.url == "https://wandb.example.com/me/digits/runs/t"
    assert counted.run_id == "t", "a trial that starts again goes on with it"
    assert counted.explain() == "was recorded offline (the server is down), and is uploaded"


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_the_driver_takes_over_what_the_trial_reports(mode: Mode) -> None:
    trial = stats(mode, logged=4)
    trial.drop("not a number")
    trial.state, trial.url, trial.path, trial.note = "running", "u", "p", "n"
    driver = stats("offline", reported=6)
    driver.take_over(trial.to_report())
    assert (driver.mode, driver.logged, driver.dropped, driver.reported) == (mode, 4, 1, 6)
    assert (driver.state, driver.url, driver.path, driver.note) == ("running", "u", "p", "n")
    driver.drop("not a number")
    assert driver.reasons["not a number"] == 2
    assert trial.reasons["not a number"] == 1
