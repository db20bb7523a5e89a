"""How a trial ended, in the words of its W&B run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tune_wandb_nb.tracking.results.trial_end import Ending, ending_of, interrupted_ending


def a_trial(**given: Any) -> Any:
    """As much of Tune's `Trial` as is looked at."""
    defaults: dict[str, Any] = {
        "status": "TERMINATED",
        "stopping_criterion": {},
        "last_result": {"training_iteration": 3, "acc": 0.9},
        "error_file": None,
    }
    return cast("Any", SimpleNamespace(**(defaults | given)))


def finished(status: str) -> Ending:
    return Ending("finished", 0, {"tune/status": status})


@pytest.mark.parametrize(
    ("trial", "stopping", "status"),
    [
        pytest.param({}, False, "completed", id="returned"),
        pytest.param({"stopping_criterion": {"acc": 0.5}}, False, "completed", id="returned-late"),
        pytest.param({}, True, "stopped by scheduler", id="scheduler"),
        pytest.param({"status": "PAUSED"}, False, "stopped by scheduler", id="paused"),
        pytest.param({"status": "PENDING"}, False, "stopped by scheduler", id="pending"),
        pytest.param(
            {"stopping_criterion": {"training_iteration": 3}},
            True,
            "stopped by stop criterion",
            id="criterion-met",
        ),
        pytest.param(
            {"stopping_criterion": {"loss": 0, "acc": 0.8}},
            True,
            "stopped by stop criterion",
            id="one-of-two-criteria-met",
        ),
        pytest.param(
            {"stopping_criterion": {"training_iteration": 4}},
            True,
            "stopped by scheduler",
            id="criterion-not-met",
        ),
        pytest.param(
            {"stopping_criterion": {"acc": 0.5}, "last_result": None},
            True,
            "stopped by scheduler",
            id="no-result",
        ),
    ],
)
def test_a_trial_that_did_not_fail_is_finished(
    trial: dict[str, Any], stopping: bool, status: str
) -> None:
    assert ending_of(a_trial(**trial), failed=False, stopping=stopping) == finished(status)


@pytest.mark.parametrize(
    ("trial", "stopping", "status"),
    [
        pytest.param({}, True, "stopped by scheduler or stopper", id="either"),
        pytest.param({}, False, "completed", id="returned"),
        pytest.param(
            {"stopping_criterion": {"acc": 0.5}}, True, "stopped by stop criterion", id="criterion"
        ),
        pytest.param({"status": "PAUSED"}, True, "stopped by scheduler", id="paused"),
    ],
)
def test_a_stopper_of_the_search_is_not_told_from_its_scheduler(
    trial: dict[str, Any], stopping: bool, status: str
) -> None:
    ending = ending_of(a_trial(**trial), failed=False, stopping=stopping, custom_stopper=True)
    assert ending == finished(status)


@pytest.mark.parametrize(("stopping", "status"), [(True, "stopped in W&B"), (False, "completed")])
def test_a_run_that_was_stopped_on_its_page_says_so_if_its_trial_had_not_returned(
    stopping: bool, status: str
) -> None:
    # Tune is told by a stop criterion.
    trial = a_trial(
        stopping_criterion={"training_iteration": 0}, last_result={"training_iteration": 3}
    )
    ending = ending_of(trial, failed=False, stopping=stopping, stopped_in_wandb=True)
    assert ending == finished(status)


def test_a_criterion_may_be_a_nested_name() -> None:
    trial = a_trial(stopping_criterion={"eval/acc": 0.5}, last_result={"eval": {"acc": 0.9}})
    ending = ending_of(trial, failed=False, stopping=True)
    assert ending == finished("stopped by stop criterion")


def test_a_failed_trial_ends_with_the_last_lines_of_its_error(tmp_path: Path) -> None:
    file = tmp_path / "error.txt"
    file.write_text("\n".join(f"line {n}" for n in range(40)) + "\n\n", encoding="utf-8")
    ending = ending_of(a_trial(error_file=str(file)), failed=True, stopping=True)
    assert (ending.state, ending.exit_code) == ("failed", 1)
    assert ending.summary == {
        "tune/status": "failed",
        "tune/error": "\n".join(f"line {n}" for n in range(28, 40)),
    }


def test_a_long_error_keeps_its_end(tmp_path: Path) -> None:
    file = tmp_path / "error.txt"
    file.write_text("x" * 5000 + " the end", encoding="utf-8")
    error = ending_of(a_trial(error_file=file), failed=True, stopping=False).summary["tune/error"]
    assert (len(error), error[-10:]) == (2000, "xx the end")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"ValueError: \xff\n", "ValueError: �", id="not-utf-8"),
        pytest.param("Fehler: größe".encode(), "Fehler: größe", id="other-letters"),
        pytest.param(None, "unknown: Tune wrote no error file", id="gone"),
    ],
)
def test_an_error_file_of_any_kind_can_be_told(
    tmp_path: Path, content: bytes | None, error: str
) -> None:
    file = tmp_path / "error.txt"
    if content is not None:
        file.write_bytes(content)
    ending = ending_of(a_trial(error_file=str(file)), failed=True, stopping=False)
    assert ending.summary["tune/error"] == error


def test_a_failed_trial_without_an_error_file_says_so() -> None:
    ending = ending_of(a_trial(status="ERROR"), failed=True, stopping=False)
    assert ending.summary == {
        "tune/status": "failed",
        "tune/error": "unknown: Tune wrote no error file",
    }


@pytest.mark.parametrize(
    ("status", "time_is_up", "ending"),
    [
        pytest.param("RUNNING", False, finished("stopped by user"), id="interrupt"),
        pytest.param("PAUSED", False, finished("stopped by user"), id="paused-at-the-interrupt"),
        pytest.param("RUNNING", True, finished("stopped by time budget"), id="time-budget"),
    ],
)
def test_a_trial_that_was_cut_off_is_finished(
    status: str, time_is_up: bool, ending: Ending
) -> None:
    assert interrupted_ending(a_trial(status=status), time_is_up=time_is_up) == ending


@pytest.mark.parametrize("time_is_up", [True, False])
def test_a_trial_that_failed_before_it_was_cut_off_is_failed(
    tmp_path: Path, time_is_up: bool
) -> None:
    file = tmp_path / "error.txt"
    file.write_text("ValueError: no", encoding="utf-8")
    ending = interrupted_ending(a_trial(status="ERROR", error_file=file), time_is_up=time_is_up)
    assert ending == Ending("failed", 1, {"tune/status": "failed", "tune/error": "ValueError: no"})
