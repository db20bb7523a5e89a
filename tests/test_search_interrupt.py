"""Interrupts of `Search.wait`, in a process of their own: what Ctrl+C is to a person's kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = """
    import os, sys, threading
    from ray import tune
    from tests.searches import start_ray
    from tests.trainable_functions import endless, run_config
    from tune_wandb_nb.tuning.search import Search

    class Says(tune.Callback):
        def on_trial_result(self, iteration, trials, trial, result, **info):
            if result["training_iteration"] == 3:
                print("RUNNING", flush=True)
        def on_experiment_end(self, trials, **info):
            print("ENDING", flush=True)
            if "slow" in sys.argv:
                threading.Event().wait()

    start_ray(num_cpus=2)
    search = Search(endless, run_config=run_config(os.getcwd(), callbacks=[Says()]))
    search.start()
    try:
        search.wait()
    finally:
        print(f"LEFT {search.status}", flush=True)
        os._exit(0)
"""


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the search above; returns its process once there are results."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
        process = subprocess.Popen(
            [sys.executable, "script.py", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        started.append(process)
        read_to(process, "RUNNING")
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read_to(process: subprocess.Popen[str], word: str) -> str:
    """Read what a process prints up to the line with a word; returns that line."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return line
    raise AssertionError(f"{word} never came:\n{''.join(lines)}")


def test_an_interrupt_of_wait_stops_cleanly(start: Start) -> None:
    process = start()
    process.send_signal(signal.SIGINT)
    read_to(process, "interrupt again to leave at once")
    read_to(process, "ENDING")
    assert read_to(process, "LEFT") == "LEFT stopped\n"


def test_a_second_interrupt_leaves_at_once(start: Start) -> None:
    process = start("slow")
    process.send_signal(signal.SIGINT)
    read_to(process, "ENDING")
    process.send_signal(signal.SIGINT)
    assert read_to(process, "LEFT") == "LEFT stopping\n"
