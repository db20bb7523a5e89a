"""What a trial's process does for W&B, here without a broker: as outside of any search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb

from tests.searches import own_values
from tests.wire import OfflineRun, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.tracking.results.trial_end import Ending, failed_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tracking.worker import broker_link as module
from tune_wandb_nb.tracking.worker.tracker import Tracker

NAMES = TrialNames("ab_00000", "train_ab_00000", "experiment")


@pytest.fixture
def tracker(
    wandb_core: None, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tracker]:
    """A tracker in a process that no search knows of."""
    monkeypatch.setattr(module, "request_broker", lambda: None)
    monkeypatch.setenv("WANDB_DIR", str(wandb_home))
    made = Tracker()
    yield made
    made.end(Ending("finished"))
    wandb.finish()


def entry(**given: Any) -> dict[str, Any]:
    return {"lr": 0.1, "wandb": {"project": "p", "mode": "offline", **given}}


def recorded(folder: Path) -> OfflineRun:
    (file,) = find_wandb_files(folder)
    return read_ended_wandb_file(file)


def test_a_run_has_tunes_names_and_the_trials_config(tracker: Tracker, tmp_path: Path) -> None:
    assert not tracker.is_open
    tracker.open(NAMES, entry(tags=["a"]))
    assert tracker.is_open
    assert wandb.run is tracker.run
    wandb.log({"inner": 1})
    tracker.end(Ending("finished", summary={"tune/status": "completed"}))
    assert not tracker.is_open
    run = recorded(tmp_path)
    assert (run.run_id, run.name, run.group) == ("ab_00000", "train_ab_00000", "experiment")
    assert (run.config, run.tags) == ({"lr": 0.1}, ("a",))
    assert run.summary["tune/status"] == "completed"
    assert [own_values(row) for row in run.rows] == [{"inner": 1}]


def test_arguments_win_over_the_entry(tracker: Tracker, tmp_path: Path) -> None:
    tracker.open(NAMES, entry(), {"project": "other", "id": "mine"})
    tracker.end(failed_ending("ValueError: no"))
    run = recorded(tmp_path)
    assert (run.project, run.run_id, run.exit_code) == ("other", "mine", 1)


def test_outside_of_tune_each_process_is_a_run(tracker: Tracker, tmp_path: Path) -> None:
    for _ in range(2):
        tracker.open(TrialNames(), entry())
        tracker.end(Ending("finished"))
    ids = {read_ended_wandb_file(file).run_id for file in find_wandb_files(tmp_path)}
    assert len(ids) == 2


def test_without_a_logger_what_is_reported_stays_out(tracker: Tracker, tmp_path: Path) -> None:
    tracker.open(NAMES, entry())
    tracker.report({"loss": 1.0, "training_iteration": 1, "done": True})
    assert tracker.completed
    tracker.end(Ending("finished"))
    assert recorded(tmp_path).rows == []


def test_a_run_without_rows_can_be_discarded(tracker: Tracker, tmp_path: Path) -> None:
    tracker.open(NAMES, entry())
    tracker.discard()
    assert not tracker.is_open
    assert find_wandb_files(tmp_path) == []
    tracker.open(NAMES, entry())
    wandb.log({"inner": 1})
    tracker.discard()
    assert tracker.is_open, "one with rows stays open"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"wandb": {"mode": "offline"}}, "no W&B project was given"),
        (entry(projekt="p"), "unknown argument 'projekt'"),
        ({"wandb": ["p"]}, "no W&B project was given"),
    ],
)
def test_settings_that_cannot_be_used_are_an_error(
    tracker: Tracker, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        tracker.open(NAMES, config)
    assert not tracker.is_open
