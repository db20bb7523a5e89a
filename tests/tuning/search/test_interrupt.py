"""Interrupts of `Search.wait`, in a process of their own: what Ctrl+C is to a person's kernel."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.script_processes import StartScript, read_to, scripts

SCRIPT = """
    import os, sys, threading
    from ray import tune
    from tests.joining import join_ray
    from tests.trainable_functions import endless, run_config
    from tune_wandb_nb.tuning.search.search import Search

    class Says(tune.Callback):
        def on_trial_result(self, iteration, trials, trial, result, **info):
            if result["training_iteration"] == 3:
                print("RUNNING", flush=True)
        def on_experiment_end(self, trials, **info):
            print("ENDING", flush=True)
            if "slow" in sys.argv:
                threading.Event().wait()

    join_ray()
    search = Search(endless, run_config=run_config(os.getcwd(), callbacks=[Says()]))
    search.start()
    try:
        search.wait()
    finally:
        print(f"LEFT {search.status}", flush=True)
        os._exit(0)
"""


@pytest.fixture
def start(tmp_path: Path, ray_environ: dict[str, str]) -> Iterator[StartScript]:
    """Start the search above; returns its process once there are results."""
    with scripts(tmp_path, SCRIPT, ray_environ) as start:
        yield start


def test_an_interrupt_of_wait_stops_cleanly(start: StartScript) -> None:
    process = start()
    process.send_signal(signal.SIGINT)
    read_to(process, "interrupt again to leave at once")
    read_to(process, "ENDING")
    assert read_to(process, "LEFT").splitlines()[-1] == "LEFT stopped"


def test_a_second_interrupt_leaves_at_once(start: StartScript) -> None:
    process = start("slow")
    process.send_signal(signal.SIGINT)
    read_to(process, "ENDING")
    process.send_signal(signal.SIGINT)
    assert read_to(process, "LEFT").splitlines()[-1] == "LEFT stopping"
