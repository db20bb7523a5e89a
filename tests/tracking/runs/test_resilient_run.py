"""A run gets back, from Tune's files, what a dead wandb-core or a deleted folder has cost it."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.tracking.runs.plans import offline_plan, online_plan
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file, read_wandb_file
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.resilient_run import RecoveryFromTune
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import CoreWatch

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
FINISHED = Ending("finished")


class Trial:
    """A trial whose results are written as Tune writes them, then logged."""

    def __init__(self, folder: Path, plan: InitPlan, *, is_resumed: bool = False) -> None:
        self._file = folder / "tune" / "result.json"
        self._file.parent.mkdir(exist_ok=True)
        rules = RowRules.of((), log_config=False, best={})
        make_rows = partial(TrialRows, rules, {"lr": 0.1})
        self._rows = make_rows()
        recovery = RecoveryFromTune(
            TrialSource(str(self._file.parent)),
            make_rows,
            core=CoreWatch(),
            names=MetricNames(print),
            is_resumed=is_resumed,
        )
        self.run = TrialRun("ab_00000", "train", plan, say=print, recovery=recovery)
        self.run.open()

    def report(self, *iterations: int, is_recorded: bool = True) -> None:
        for i in iterations:
            result = {"training_iteration": i, "loss": 10 - i}
            if is_recorded:
                with self._file.open("a") as file:
                    file.write(json.dumps(result) + "\n")
            self.run.stats.reported += 1
            self.run.write(self._rows.row(result))


def kill_wandb_core() -> None:
    """Kill this process's wandb-core, and return once it is gone."""
    own = psutil.Process().children(recursive=True)
    cores = [child for child in own if child.name().startswith("wandb-core")]
    assert cores
    for core in cores:
        core.kill()
    psutil.wait_procs(cores, timeout=30)


def iterations_in(folder: Path) -> list[int]:
    """Return the iterations in all files of the run, however often each is there."""
    runs = [read_wandb_file(file) for file in find_wandb_files(folder)]
    return sorted(row["training_iteration"] for run in runs for row in run.rows)


def test_rows_that_died_with_wandb_core_are_written_again(tmp_path: Path) -> None:
    trial = Trial(tmp_path, offline_plan(tmp_path))
    trial.report(1, 2, 3)
    kill_wandb_core()
    trial.report(4, 5)
    trial.run.end(FINISHED)
    assert iterations_in(tmp_path) == [1, 2, 3, 4, 5]
    stats = trial.run.stats
    assert (stats.logged, stats.dropped, stats.explain()) == (5, 0, "")


def test_online_each_row_is_there_once(wire_server: WireServer, tmp_path: Path) -> None:
    trial = Trial(tmp_path, online_plan(tmp_path, wire_server))
    trial.report(1, 2)
    wire_server.wait_for(lambda s: len(s.runs["ab_00000"].rows) == 2)
    trial.report(3)
    kill_wandb_core()
    trial.report(4)
    trial.run.end(FINISHED)
    rows = wire_server.runs["ab_00000"].rows
    assert [row["training_iteration"] for row in rows] == [1, 2, 3, 4]
    assert (trial.run.stats.logged, trial.run.stats.mode) == (4, "online")


def test_rows_that_nobody_has_are_counted_as_lost(tmp_path: Path) -> None:
    trial = Trial(tmp_path, offline_plan(tmp_path))
    trial.report(1, 2, is_recorded=False)
    kill_wandb_core()
    trial.report(3)
    trial.run.end(FINISHED)
    stats = trial.run.stats
    assert (stats.logged, stats.lost) == (1, 2)
    assert "2 rows dropped: wandb-core died with them" in stats.explain()


def test_a_folder_that_was_deleted_is_recorded_anew(tmp_path: Path) -> None:
    trial = Trial(tmp_path, offline_plan(tmp_path))
    trial.report(1, 2, 3)
    shutil.rmtree(str(trial.run.stats.path))
    trial.run.end(FINISHED)
    assert iterations_in(tmp_path) == [1, 2, 3]
    assert (trial.run.stats.logged, trial.run.stats.dropped) == (3, 0)


def test_a_restored_trial_gets_what_its_first_process_did_not_write(tmp_path: Path) -> None:
    first = Trial(tmp_path, offline_plan(tmp_path))
    first.report(1, 2)
    first.run.end(FINISHED)
    with (tmp_path / "tune" / "result.json").open("a") as file:
        file.write(json.dumps({"training_iteration": 3, "loss": 7}) + "\n")
    second = Trial(tmp_path, offline_plan(tmp_path), is_resumed=True)
    second.report(4)
    second.run.end(FINISHED)
    assert iterations_in(tmp_path) == [1, 2, 3, 4]
    assert second.run.stats.logged == 1, "the others were not reported to this process"


def test_each_run_names_its_trial(tmp_path: Path) -> None:
    trial = Trial(tmp_path, offline_plan(tmp_path))
    trial.run.end(FINISHED)
    (file,) = find_wandb_files(tmp_path)
    assert read_ended_wandb_file(file).exit_code == 0
    kept = json.loads((file.parent / "tune-trial.json").read_text())
    assert (kept["trial_id"], kept["folder"]) == ("ab_00000", str(tmp_path / "tune"))


def test_a_core_that_dies_again_and_again_sends_runs_offline(
    wire_server: WireServer, tmp_path: Path
) -> None:
    core = CoreWatch(most=0)
    offline: list[TrialRun] = []
    recovery = RecoveryFromTune(
        TrialSource(),
        lambda: TrialRows(RowRules.of((), log_config=False, best={}), {}),
        core=core,
        names=MetricNames(print),
        on_offline=offline.append,
    )
    plan = online_plan(tmp_path, wire_server)
    run = TrialRun("ab_00000", "train", plan, say=print, recovery=recovery)
    run.open()
    run.end(FINISHED)
    assert (run.stats.mode, offline) == ("offline", [run])
    assert run.stats.trouble == "wandb-core crashed again and again"
    assert plan.check is not None
    assert plan.check.refusal() == run.stats.trouble, "later runs need not try it"
