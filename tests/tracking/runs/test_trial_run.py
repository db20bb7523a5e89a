"""One trial's run never raises: what goes wrong is counted, and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.searches import own_values
from tests.tracking.runs.plans import offline_plan, online_plan
from tests.wire import OfflineRun, WireServer, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.payload import Media
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
FINISHED = Ending("finished", 0, {"tune/status": "completed"})
Make = Callable[[InitPlan], TrialRun]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make(said: list[str]) -> Make:
    return lambda plan: TrialRun("ab_00000", "train", plan, say=said.append)


def row(step: int | None, **metrics: Any) -> Row:
    return Row(metrics, {}, {}, step)


def recorded(folder: Path) -> OfflineRun:
    (file,) = find_wandb_files(folder)
    return read_ended_wandb_file(file)


def test_its_life(make: Make, tmp_path: Path, said: list[str]) -> None:
    run = make(offline_plan(tmp_path))
    assert (run.stats.state, run.is_open, run.last_step) == ("waiting", False, None)
    run.open()
    run.stats.reported = 2
    assert (run.stats.state, run.is_open) == ("running", True)
    run.write(Row({"x": 1}, {"lr": 0.2}, {"best/x": 1}, 1))
    run.write(row(2, x=2))
    assert (run.stats.logged, run.last_step) == (2, 2)
    run.end(FINISHED)
    assert (run.stats.state, run.is_open, run.last_step) == ("finished", False, 2)
    assert (run.stats.explain(), said) == ("", [])
    found = recorded(tmp_path)
    assert [own_values(r) for r in found.rows] == [{"x": 1}, {"x": 2}]
    assert found.config["lr"] == 0.2
    assert found.summary.items() >= {"best/x": 1, "tune/status": "completed"}.items()


def test_a_refused_key_means_offline_under_its_own_id(
    make: Make, wire_server: WireServer, tmp_path: Path, said: list[str]
) -> None:
    wire_server.accepted_keys = set()
    run = make(online_plan(tmp_path, wire_server))
    run.open()
    run.end(FINISHED)
    reason = f"{wire_server.url} refuses the API key"
    assert (run.stats.mode, run.stats.trouble) == ("offline", reason)
    assert recorded(tmp_path).run_id == "ab_00000"
    assert said == [f"W&B cannot be used, so runs go on offline: {reason}."]


def test_a_run_that_cannot_be_opened_online_is_opened_offline_under_another_id(
    make: Make, wire_server: WireServer, tmp_path: Path
) -> None:
    wire_server.faults.fail(403, operation="UpsertBucket")
    # wandb-core keeps this id until it ends.
    run = make(online_plan(tmp_path, wire_server, "refused"))
    run.open()
    run.write(row(1, x=1))
    run.end(FINISHED)
    assert run.stats.mode == "offline"
    assert "injected 403" in run.stats.trouble
    assert run.stats.run_id == "refused-offline"
    offline = [file for file in find_wandb_files(tmp_path) if "offline-run" in str(file)]
    assert [read_ended_wandb_file(file).run_id for file in offline] == ["refused-offline"]
    assert run.stats.logged == 1


def test_a_run_that_cannot_be_opened_at_all_loses_its_rows_and_says_why(
    make: Make, tmp_path: Path, said: list[str]
) -> None:
    run = make(offline_plan(tmp_path, settings={"init_timeout": "soon"}))
    run.open()
    assert (run.stats.state, run.is_open) == ("not opened", False)
    run.write(row(1, x=1))
    run.write(Row({}, {"lr": 1}, {}, None))
    run.end(FINISHED)
    assert run.stats.state == "not opened"
    assert (run.stats.logged, run.stats.dropped, run.stats.lost) == (0, 1, 1)
    assert len(said) == 1
    assert said[0].startswith("W&B runs cannot be opened: ")


def test_a_disabled_run_takes_everything_and_keeps_nothing(make: Make, tmp_path: Path) -> None:
    run = make(offline_plan(tmp_path, mode="disabled"))
    run.open()
    run.write(row(1, x=1))
    run.save(SavedCheckpoint(str(tmp_path), "local", 1))
    run.end(FINISHED)
    assert (run.stats.state, run.stats.dropped) == ("finished", 0)
    assert find_wandb_files(tmp_path) == []


def test_a_result_that_no_row_can_be_made_of_is_dropped(make: Make, tmp_path: Path) -> None:
    run = make(offline_plan(tmp_path))

    def fail() -> Row:
        raise ValueError("not a result\nand a long story")

    assert run.prepare(fail) is None
    assert run.prepare(lambda: row(1, x=1)) == row(1, x=1)
    assert (run.stats.dropped, run.stats.lost) == (1, 0)
    assert run.stats.reasons == {"ValueError: not a result": 1}


def test_a_row_with_nothing_to_log_is_dropped_and_not_lost(make: Make, tmp_path: Path) -> None:
    run = make(offline_plan(tmp_path))
    run.open()
    run.write(row(1))
    run.end(FINISHED)
    assert (run.stats.logged, run.stats.dropped, run.stats.lost) == (0, 1, 0)


def test_metrics_that_wandb_refuses_are_named(make: Make, tmp_path: Path, said: list[str]) -> None:
    import numpy as np

    run = make(offline_plan(tmp_path))
    run.open()
    run.write(row(1, x=1, image=Media("image", np.zeros((2, 2, 7), np.uint8))))
    run.end(FINISHED)
    assert run.stats.logged == 1
    assert run.stats.note.startswith("left out image: ValueError")
    assert said[0].startswith("W&B cannot take image: ValueError")


def test_a_checkpoint_that_is_gone_is_named(make: Make, tmp_path: Path, said: list[str]) -> None:
    run = make(offline_plan(tmp_path))
    run.open()
    run.save(SavedCheckpoint(str(tmp_path / "gone"), "local", 3))
    run.write(row(4, x=1))
    run.end(FINISHED)
    assert run.stats.note.startswith("checkpoint 3 not logged: ")
    assert said == [f"train: {run.stats.note}"]
    assert run.stats.logged == 1


def test_a_hook_that_fails_is_named_and_costs_nothing(
    make: Make, tmp_path: Path, said: list[str]
) -> None:
    seen: list[Any] = []

    def hook(run: Any) -> None:
        seen.append(run.id)
        raise LookupError("no such table")

    run = make(offline_plan(tmp_path, hook=hook))
    run.open()
    run.write(row(1, x=1))
    run.end(FINISHED)
    assert (seen, run.stats.logged) == (["ab_00000"], 1)
    assert said == ["WANDB_PROCESS_RUN_INFO_HOOK failed: LookupError: no such table"]


def test_what_is_said_never_holds_the_key(
    make: Make, wire_server: WireServer, tmp_path: Path, said: list[str]
) -> None:
    def hook(_: Any) -> None:
        raise ValueError(f"the key {wire_server.api_key} is not mine")

    run = make(online_plan(tmp_path, wire_server, hook=hook))
    run.open()
    run.end(FINISHED)
    assert said == ["WANDB_PROCESS_RUN_INFO_HOOK failed: ValueError: the key *** is not mine"]
