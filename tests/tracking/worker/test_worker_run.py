"""The run that a trial's own process writes: it is `wandb.run`, and takes what is reported too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb

from tests.searches import own_values
from tests.tracking.runs.plans import offline_plan
from tests.wire import OfflineRun, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.wandb_core import CoreSharing
from tune_wandb_nb.tracking.worker.worker_run import WorkerRun

FINISHED = Ending("finished")


@pytest.fixture(autouse=True)
def _own_run(wandb_core: None, wandb_home: Path) -> Iterator[None]:
    yield
    wandb.finish()


def opened(folder: Path, *, plan: dict[str, Any] | None = None, **given: Any) -> WorkerRun:
    made = offline_plan(folder, **(plan or {}))
    run = WorkerRun("ab_00000", "train", made, say=print, sharing=CoreSharing(None), **given)
    run.open()
    return run


def recorded(folder: Path) -> OfflineRun:
    (file,) = find_wandb_files(folder)
    return read_ended_wandb_file(file)


def test_it_is_the_processs_own_run_until_it_ends(tmp_path: Path) -> None:
    run = opened(tmp_path)
    assert wandb.run is run.run
    assert not run.has_rows
    wandb.log({"inner": 1})
    wandb.log({"inner": 2})
    assert (run.has_rows, run.next_step) == (True, 2)
    run.end(FINISHED)
    assert wandb.run is None
    assert [own_values(row) for row in recorded(tmp_path).rows] == [{"inner": 1}, {"inner": 2}]


def test_what_is_reported_joins_the_row_that_the_trial_has_begun(tmp_path: Path) -> None:
    run = opened(tmp_path, takes_reports=True)
    wandb.log({"inner": 1}, step=4)
    run.trial_run.write(Row({"loss": 0.5}, {}, {"best/loss": 0.5}, 1))
    run.trial_run.write(Row({"loss": 0.4}, {}, {}, 2))
    assert run.stats.logged == 2
    run.end(FINISHED)
    rows = [(row["_step"], own_values(row)) for row in recorded(tmp_path).rows]
    assert rows == [(4, {"inner": 1, "loss": 0.5}), (5, {"loss": 0.4})]


def test_an_offline_run_goes_on_at_the_step_of_the_process_before(tmp_path: Path) -> None:
    run = opened(tmp_path, first_step=7)
    assert (run.next_step, run.has_rows) == (7, False)
    wandb.log({"inner": 1})
    assert run.has_rows
    run.end(FINISHED)
    assert [row["_step"] for row in recorded(tmp_path).rows] == [7]


def test_where_there_is_no_run_logging_does_nothing(tmp_path: Path) -> None:
    run = opened(tmp_path, plan={"mode": "disabled"})
    assert run.run is None
    wandb.log({"inner": 1})
    run.end(FINISHED)
    assert wandb.run is None
    assert find_wandb_files(tmp_path) == []
    assert run.stats.state == "finished"


def test_a_dead_wandb_core_does_not_fail_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dead(*args: Any, **given: Any) -> None:
        raise ConnectionResetError("wandb-core is gone")

    monkeypatch.setattr(wandb.Run, "log", dead)
    run = opened(tmp_path)
    for _ in range(3):
        wandb.log({"inner": 1})
    said = "wandb-core died, and what was logged after that is not in W&B"
    assert run.stats.note == said
    assert capsys.readouterr().out.count(said) == 1
    monkeypatch.undo()
    run.end(FINISHED)


def test_any_other_error_is_the_trials(tmp_path: Path) -> None:
    run = opened(tmp_path)
    with pytest.raises(TypeError, match="dict"):
        wandb.log("no dictionary")  # type: ignore[arg-type]
    run.end(FINISHED)
