"""Processes and disks in trouble: no row is lost, and none is there twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import wandb
from ray import tune

from tests.faults.conftest import (
    At,
    assert_all_there,
    children,
    kill,
    kill_core,
    killing_cores,
    sync,
    wait_until,
)
from tests.script_processes import StartScript, read_to
from tests.searches import RunSearch
from tests.trainable_functions import count_up
from tests.wire import WireServer, find_wandb_files
from tune_wandb_nb import WandbLogger, upload_experiment, wandb_mixin

MakeLogger = Callable[..., WandbLogger]
SPACE = {"a": tune.grid_search([1, 2, 3]), "rows": 30}


@pytest.mark.parametrize("mode", ["online", "offline"])
@pytest.mark.parametrize(
    "iterations",
    [pytest.param({3, 11, 29}, id="again and again"), pytest.param({30}, id="before the end")],
)
def test_wandb_core_killed(
    *,
    run_search: RunSearch,
    wire_server: WireServer,
    logger_for: MakeLogger,
    tmp_path: Path,
    iterations: set[int],
    mode: str,
) -> None:
    logger = logger_for(mode=mode)
    results = run_search(count_up, SPACE, logger=logger, callbacks=[At(iterations, kill_core)])
    audit = logger.audit()
    assert list(audit["logged"]) == [30, 30, 30]
    assert set(audit["mode"]) == {mode}
    if mode == "offline":
        # On a busy machine wandb-core is killed before it has flushed anything to a run's file.
        sync(tmp_path / "wandb", wire_server, may_be=frozenset({"empty"}))
    assert_all_there(wire_server, results)


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_wandb_cores_killed_while_they_start(
    run_search: RunSearch,
    wire_server: WireServer,
    logger_for: MakeLogger,
    tmp_path: Path,
    mode: str,
) -> None:
    wandb.teardown()
    logger = logger_for(mode=mode)
    with killing_cores(3):
        results = run_search(count_up, SPACE, logger=logger)
    audit = logger.audit()
    assert list(audit["logged"]) == [30, 30, 30]
    assert set(audit["mode"]) == {mode}
    if mode == "offline":
        # One may be killed while it opens a run.
        sync(tmp_path / "wandb", wire_server, may_be=frozenset({"empty"}))
    assert_all_there(wire_server, results)


def test_the_folder_of_the_runs_deleted_under_way(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger, tmp_path: Path
) -> None:
    logger = logger_for(mode="offline")

    def delete() -> None:
        wait_until(lambda: find_wandb_files(tmp_path / "wandb"))
        shutil.rmtree(tmp_path / "wandb")

    results = run_search(count_up, SPACE, logger=logger, callbacks=[At({20}, delete)])
    assert list(logger.audit()["logged"]) == [30, 30, 30]
    sync(logger, wire_server)
    assert_all_there(wire_server, results)


def repair_as_told(said: str, results: tune.ResultGrid, server: WireServer) -> None:
    """See that the closing line names what repairs a search, and do it."""
    assert f"tune_wandb_nb.upload_experiment({results.experiment_path!r}, 'p')" in said
    table = upload_experiment(
        results.experiment_path, "p", host=server.url, api_key=server.api_key, progress=False
    )
    assert "failed" not in set(table["state"]), list(table["note"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_full(
    run_search: RunSearch,
    wire_server: WireServer,
    logger_for: MakeLogger,
    small_disk: Path,
    capsys: Any,
) -> None:
    logger = logger_for(mode="offline", dir=str(small_disk))
    results = run_search(count_up, {**SPACE, "rows": 600}, logger=logger)
    assert results.num_errors == 0
    audit = logger.audit()
    assert list(audit["reported"]) == [600, 600, 600]
    assert list(audit["logged"] + audit["dropped"]) == [600, 600, 600]
    assert audit["dropped"].sum() > 0
    repair_as_told(capsys.readouterr().out, results, wire_server)
    assert_all_there(wire_server, results)


def log_and_report(config: dict[str, Any]) -> None:
    for i in range(10):
        wandb.log({"own": i})
        tune.report({"value": i})
        if i == 4:
            kill_service()


def kill_service() -> None:
    """Kill the wandb-core that this process uses; returns when it is gone."""
    path = os.environ["WANDB_SERVICE"].partition("-unix-")[2]
    mine = [
        process
        for process in psutil.process_iter(["name"])
        if process.info["name"] == "wandb-core"
        and any(c.laddr == path for c in process.net_connections("unix"))
    ]
    assert mine
    for process in mine:
        process.kill()
    psutil.wait_procs(mine, timeout=10)


def test_the_wandb_core_of_a_trial_that_writes_its_own_run_killed(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger, capsys: Any
) -> None:
    logger = logger_for()
    results = run_search(wandb_mixin(log_and_report), {}, logger=logger)
    assert results.num_errors == 0
    (audit,) = logger.audit().to_dict("records")
    assert audit["reported"] == 10
    assert "wandb-core died" in audit["note"]
    said = capsys.readouterr().out
    assert "wandb-core died" in said
    repair_as_told(said, results, wire_server)
    (run,) = wire_server.runs.values()
    reported = [(r["training_iteration"], r["value"]) for r in run.rows if "value" in r]
    assert reported == [(i + 1, i) for i in range(10)]
    assert (run.complete, run.exit_code) == (True, 0)


def kill_broker() -> None:
    """Kill the actor that tells trials the key, as the kernel does where memory is short."""
    brokers = children("ray::Broker")
    assert brokers
    kill(brokers)


def test_the_broker_killed(
    run_search: RunSearch, wire_server: WireServer, logger_for: MakeLogger
) -> None:
    logger = logger_for()
    results = run_search(
        wandb_mixin(count_up), {"a": tune.grid_search([1, 2, 3]), "rows": 10}, logger=logger,
        callbacks=[At({10}, kill_broker)], tune_config={"max_concurrent_trials": 1},
    )  # fmt: skip
    audit = logger.audit()
    assert set(audit["mode"]) == {"online"}
    assert list(audit["logged"]) == [10, 10, 10]
    assert_all_there(wire_server, results)


SCRIPT = """
    import json, os, sys, time
    from pathlib import Path
    from ray import tune
    from tests.joining import join_ray
    import tune_wandb_nb as tw

    folder = Path.cwd()

    def train(config):
        first = 0
        if checkpoint := tune.get_checkpoint():
            with checkpoint.as_directory() as there:
                first = int(Path(there, "next").read_text())
        for i in range(first, 30):
            saved = None
            if i % 10 == 9:
                there = folder / f"saved-{config['a']}-{i}"
                there.mkdir(exist_ok=True)
                (there / "next").write_text(str(i + 1))
                saved = tune.Checkpoint.from_directory(there)
            tune.report({"value": config["a"] * 1000 + i}, checkpoint=saved)
            while i == 22 and not (folder / "go").exists():
                time.sleep(0.05)  # there is no event for another process's file

    class Says(tune.Callback):
        waiting = 0
        def on_trial_result(self, iteration, trials, trial, result, **info):
            self.waiting += result["training_iteration"] == 23
            if self.waiting == 2:
                self.waiting = 0
                print("RUNNING", flush=True)

    join_ray()
    if sys.argv[1:] == ["restore"]:
        print("RUNNING", flush=True)
        tuner = tune.Tuner.restore(str(folder / "ray" / "experiment"), trainable=train)
    else:
        tuner = tune.Tuner(
            train,
            param_space={"a": tune.grid_search([1, 2])},
            run_config=tune.RunConfig(
                callbacks=[tw.WandbLogger(project="p"), Says()],
                verbose=0,
                name="experiment",
                storage_path=str(folder / "ray"),
            ),
        )
    results = tuner.fit()
    print("RESULTS", json.dumps([r.metrics["trial_id"] for r in results]), flush=True)
    os._exit(0)
"""


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_the_kernel_killed_and_the_search_restored(
    script: StartScript, wire_server: WireServer, tmp_path: Path, mode: str
) -> None:
    env = {"WANDB_MODE": mode, **wire_server.environ}
    first = script(env=env)
    first.send_signal(signal.SIGKILL)
    first.wait()
    (tmp_path / "go").touch()
    second = script("restore", env=env)
    said = read_to(second, "RESULTS")
    trials = json.loads(said.splitlines()[-1].removeprefix("RESULTS "))
    assert len(trials) == 2
    if mode == "offline":
        # The first process may be killed while it opens its runs.
        sync(tmp_path / "wandb", wire_server, may_be=frozenset({"empty"}))
    for trial in trials:
        run = wire_server.runs[trial]
        there = [(row["training_iteration"], row["value"]) for row in run.rows]
        expected = [(i + 1, run.config["a"] * 1000 + i) for i in range(30)]
        # Tune repeats what came after the last checkpoint; W&B only appends.
        assert sorted(set(there)) == expected, wire_server.describe()
        assert len(there) <= 33
        assert (run.gaps, run.complete, run.exit_code) == ((), True, 0)
