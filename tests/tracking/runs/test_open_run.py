"""One `wandb.Run` of the driver: how it is opened, the steps of its rows, what W&B refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from tests.searches import own_values
from tests.tracking.runs.plans import offline_plan, online_plan
from tests.wire import OfflineRun, WireServer, read_ended_wandb_file
from tune_wandb_nb.tracking.results.payload import Media
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.open_run import OpenRun, init_arguments_of, start_run
from tune_wandb_nb.tracking.settings.settings import Mode

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
FINISHED = Ending("finished")
NO_IMAGE = Media("image", np.zeros((2, 2, 7), np.uint8))
"""W&B takes images with up to four channels."""

MODES: tuple[Mode, ...] = ("online", "offline")
LeftOut = list[tuple[list[str], str]]


def row(step: int | None = None, **metrics: Any) -> Row:
    return Row(metrics, {}, {}, step)


def log(opened: OpenRun, *rows: Row) -> LeftOut:
    """Log rows; returns the metrics that were left out, each time with the error's type."""
    left_out: LeftOut = []
    for each in rows:
        opened.log(each, lambda names, error: left_out.append((names, type(error).__name__)))
    return left_out


def recorded(opened: OpenRun) -> OfflineRun:
    """Close a run, and read its file."""
    opened.finish(FINISHED)
    return read_ended_wandb_file(Path(opened.path, f"run-{opened.run.id}.wandb"))


def unusable(plan: InitPlan) -> InitPlan:
    """Return a plan that wandb refuses before it opens a run."""
    return replace(plan, settings={"init_timeout": "soon"})


def start(plan: InitPlan) -> OpenRun:
    return start_run(plan, plan.mode, str(plan.arguments["id"]))


# How it is opened


def test_a_run_records_neither_the_machine_nor_its_packages(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    settings = opened.run.settings
    assert (settings.console, settings.silent, settings.disable_git) == ("off", True, True)
    assert settings.x_disable_stats
    assert settings.x_disable_machine_info
    recorded(opened)
    assert not list(tmp_path.rglob("requirements.txt"))


def test_a_run_that_records_the_environment_does(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path, records_environment=True))
    settings = opened.run.settings
    assert (settings.console, settings.disable_git) == ("off", False)
    assert settings.x_disable_stats
    assert not settings.x_disable_machine_info
    recorded(opened)
    (packages,) = tmp_path.rglob("requirements.txt")
    assert f"wandb=={wandb.__version__}" in packages.read_text()


def test_the_users_own_settings_win(tmp_path: Path) -> None:
    plan = offline_plan(tmp_path, settings={"console": "wrap", "run_notes": "mine"})
    opened = start(plan)
    assert (opened.run.settings.console, opened.run.notes) == ("wrap", "mine")
    opened.finish(FINISHED)


def test_runs_are_beside_each_other_and_beside_the_processs_own(tmp_path: Path) -> None:
    before = wandb.run, wandb.log
    first, second = (start(offline_plan(tmp_path, run_id)) for run_id in ("a", "b"))
    assert (wandb.run, wandb.log) == before
    log(first, row(1, x=1))
    log(second, row(1, x=2))
    assert first.path == str(Path(first.run.dir).parent)
    assert Path(first.path).is_dir()
    assert [own_values(r) for r in recorded(second).rows] == [{"x": 2}]
    assert [own_values(r) for r in recorded(first).rows] == [{"x": 1}]


@pytest.mark.parametrize(
    ("excludes", "metrics"),
    [((), {"*": "training_iteration"}), (("training_iteration",), {})],
    ids=["logged", "excluded"],
)
def test_training_iteration_is_the_x_axis_where_it_is_logged(
    tmp_path: Path, excludes: tuple[str, ...], metrics: dict[str, str]
) -> None:
    opened = start(offline_plan(tmp_path, excludes=excludes))
    assert recorded(opened).metrics == metrics


def test_offline_neither_the_key_nor_resume_is_given_to_wandb(
    tmp_path: Path, wire_server: WireServer
) -> None:
    plan = online_plan(tmp_path, wire_server)
    offline = init_arguments_of(plan, "offline", "other", {"console": "off"})
    assert (offline["id"], offline["mode"], offline["settings"].api_key) == (
        "other",
        "offline",
        None,
    )
    assert "resume" not in offline
    online = init_arguments_of(plan, "online", "other", {"console": "off"})
    assert (online["resume"], online["settings"].api_key) == ("allow", wire_server.api_key)
    for arguments in (offline, online):
        assert arguments["settings"].base_url == wire_server.url
        assert arguments["settings"].console == "off"


def test_a_run_that_goes_on_goes_on_at_the_next_step(
    tmp_path: Path, wire_server: WireServer
) -> None:
    plan = online_plan(tmp_path, wire_server)
    first = start(plan)
    assert first.next_step == 0
    log(first, row(1, x=1), row(4, x=4))
    first.finish(FINISHED)
    second = start(plan)
    assert second.next_step == 5
    log(second, row(2, x=2))
    second.finish(Ending("failed", exit_code=1))
    run = wire_server.runs["ab_00000"]
    assert [(r["_step"], r["x"]) for r in run.rows] == [(1, 1), (4, 4), (5, 2)]
    assert (run.starts, run.exit_code, run.complete) == (2, 1, True)


def test_a_run_that_could_not_be_opened_keeps_its_id_and_holds_up_no_other(
    tmp_path: Path, wire_server: WireServer
) -> None:
    refusal = wire_server.faults.fail(403, operation="UpsertBucket")
    plan = online_plan(tmp_path, wire_server, "refused")
    with pytest.raises(Exception, match="injected 403"):
        start(plan)
    refusal.stop()
    # Asked to close that run, wandb-core would wait forever, and let all other runs wait.
    for mode in MODES:
        with pytest.raises(Exception, match="run ID refused is in use"):
            start_run(plan, mode, "refused")
    with pytest.raises(Exception, match="init_timeout"):
        start(unusable(offline_plan(tmp_path, "refused")))
    other = start(online_plan(tmp_path, wire_server, "other"))
    log(other, row(1, x=1))
    other.finish(FINISHED)
    assert [r["x"] for r in wire_server.runs["other"].rows] == [1]


def test_an_id_is_free_again_after_its_run_could_not_be_opened_offline(tmp_path: Path) -> None:
    plan = offline_plan(tmp_path)
    with pytest.raises(Exception, match="init_timeout"):
        start(unusable(plan))
    opened = start(plan)
    log(opened, row(1, x=1))
    assert len(recorded(opened).rows) == 1


def test_an_open_run_keeps_its_id(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    with pytest.raises(Exception, match="run ID ab_00000 is in use"):
        start(offline_plan(tmp_path))
    log(opened, row(1, x=1))
    assert len(recorded(opened).rows) == 1


# The steps of rows


def test_a_step_that_goes_back_gets_the_next_one(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    log(opened, *(row(i, training_iteration=i) for i in (1, 2, 5, 3, 4, 5, 9)))
    assert opened.next_step == 10
    rows = recorded(opened).rows
    assert [r["training_iteration"] for r in rows] == [1, 2, 5, 3, 4, 5, 9]
    assert [r["_step"] for r in rows] == [1, 2, 5, 6, 7, 8, 9]


def test_a_row_without_a_step_is_the_next_one(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    log(opened, row(7, x=1), row(x=2), row(8, x=3))
    assert [r["_step"] for r in recorded(opened).rows] == [7, 8, 9]


def test_where_the_trial_logs_too_it_decides_on_the_steps(tmp_path: Path) -> None:
    logged: list[dict[str, Any]] = []
    plan = offline_plan(tmp_path)
    own = start(plan)
    opened = OpenRun(own.run, "offline", plan, logged.append)
    assert log(opened, row(3, x=1)) == []
    assert log(opened, row(4, x=2, image=NO_IMAGE)) == [(["image"], "ValueError")]
    assert logged == [{"x": 1}, {"x": 2}]
    assert recorded(own).rows == []


# What W&B refuses


def test_metrics_that_wandb_refuses_are_left_out_and_named(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    image = Media("image", np.zeros((2, 2, 3), np.uint8))
    left_out = log(opened, row(1, image=image), row(2, x=1, b=NO_IMAGE, a=NO_IMAGE), row(3, x=2))
    assert left_out == [(["a", "b"], "ValueError")]
    first, *others = recorded(opened).rows
    assert first["image"]["_type"] == "image-file"
    assert [own_values(r) for r in others] == [{"x": 1}, {"x": 2}]
    assert [r["_step"] for r in others] == [2, 3]


def test_numbers_that_wandb_does_not_take_are_an_error(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    opened.finish(FINISHED)
    with pytest.raises(wandb.Error, match="is finished"):
        log(opened, row(1, x=1))


def test_config_and_summary_change(tmp_path: Path) -> None:
    opened = start(offline_plan(tmp_path))
    opened.update_config({"lr": 0.2, "pid": 7, "mask": b"\xff"})
    opened.update_summary({"best/loss": 3})
    run = recorded(opened)
    assert run.config == {"lr": 0.2, "pid": 7, "mask": r"b'\xff'"}
    assert run.summary["best/loss"] == 3
    assert run.exit_code == 0
