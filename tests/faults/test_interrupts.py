"""Interrupts: the search returns with every run closed, and a second one leaves at once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.script_processes import StartScript, read_to
from tests.searches import offline_runs
from tests.wire import WireServer

SCRIPT = """
    import itertools
    import os
    import sys
    from ray import tune
    from tests.joining import join_ray
    import tune_wandb_nb as tw

    def forever(config):
        for i in range(config["last"]) if config["last"] else itertools.count():
            tune.report({"value": i})

    join_ray()
    logger = tw.WandbLogger(
        project="p", upload_timeout=300, settings={"x_file_stream_transmit_interval": 1}
    )
    class Says(tune.Callback):
        def on_trial_result(self, iteration, trials, trial, result, **info):
            if result["training_iteration"] == 20:
                print("RUNNING", flush=True)
        def on_experiment_end(self, trials, **info):
            print("ENDED", flush=True)
    tuner = tune.Tuner(
        forever,
        param_space={"last": int(sys.argv[1]) if sys.argv[1:] else None},
        run_config=tune.RunConfig(callbacks=[logger, Says()], verbose=0, storage_path=os.getcwd()),
    )
    try:
        tuner.fit()
    except KeyboardInterrupt:
        print("INTERRUPTED", flush=True)
    finally:
        audit = logger.audit()
        print("AUDIT", *audit.state, *audit.reported, *audit.logged, flush=True)
        os._exit(0)
"""


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_an_interrupt_closes_every_run(
    script: StartScript, tmp_path: Path, wire_server: WireServer, mode: str
) -> None:
    process = script(env={"WANDB_MODE": mode, **wire_server.environ})
    process.send_signal(signal.SIGINT)
    said = read_to(process, "AUDIT")
    runs = wire_server.runs if mode == "online" else offline_runs(tmp_path)
    (run,) = runs.values()
    assert run.exit_code == 0
    assert run.summary["tune/status"] == "stopped by user"
    state, reported, logged = said.splitlines()[-1].split()[1:]
    assert (state, int(reported), int(logged)) == ("finished", len(run.rows), len(run.rows))


def test_a_second_interrupt_leaves_at_once_and_names_what_is_left(
    script: StartScript, tmp_path: Path, wire_server: WireServer
) -> None:
    process = script(env=wire_server.environ)
    wire_server.wait_for(lambda s: any(run.rows for run in s.runs.values()))
    wire_server.faults.hang("/file_stream")
    process.send_signal(signal.SIGINT)
    read_to(process, "closing W&B runs: 1 of 1 left")
    process.send_signal(signal.SIGINT)
    said = read_to(process, "AUDIT")
    assert "INTERRUPTED" in said
    assert "not uploaded in time: forever_" in said
    assert "The rows are on disk; upload them with: wandb sync wandb/run-" in said
    wire_server.faults.release()


def test_one_interrupt_ends_the_wait_for_w_and_b_after_a_search(
    script: StartScript, wire_server: WireServer
) -> None:
    wire_server.faults.hang("/file_stream")
    process = script("50", env=wire_server.environ)
    read_to(process, "closing W&B runs: 1 of 1 left")
    process.send_signal(signal.SIGINT)
    said = read_to(process, "AUDIT")
    assert "INTERRUPTED" in said
    assert "not uploaded in time: forever_" in said
    wire_server.faults.release()
