"""What the logger's hooks cost Tune's thread, without workers: trials that only look like Tune's.

    python benchmarks/hooks.py [--trials 1000 10000] [--results 20] [--at-once 64]

Each number of trials runs offline in a fresh process, in a folder that is removed. Printed are the
microseconds of a trial's start, of a result and of a step's end, for the trials around a tenth of
the search and for the last ones; the bytes of Python objects that a finished trial leaves; the
seconds from the last hook until every row is in a file; and how many rows are there.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.tables import markdown_table

HOOKS = ("start", "result", "step end")
WINDOW = 0.05
"""The part of the trials around a point of the search over which a median is taken."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--results", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=64, help="trials that run at once")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.trials[0], options.results, options.at_once)))
        return
    print(table([in_process(n, options) for n in options.trials]))


def in_process(trials: int, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one number of trials in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, str(Path(__file__).resolve()), "--one", "--trials", str(trials),
            "--results", str(options.results), "--at-once", str(options.at_once),
        ]  # fmt: skip
        env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
        done = subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class FakeTrial:
    """What the logger's hooks ask of Tune's ``Trial``."""

    trainable_name = "train"
    status = "TERMINATED"
    stopping_criterion: dict[str, Any] = {}  # noqa: RUF012 - never changed
    checkpoint = error_file = None

    def __init__(self, number: int, folder: Path) -> None:
        self.trial_id = f"fake_{number:05}"
        self.config = {"lr": 0.1 * number, "layers": number % 7, "optimizer": "adam"}
        self.last_result: dict[str, Any] = {}
        self.local_path = str(folder / self.trial_id)
        self.storage = SimpleNamespace(
            experiment_dir_name="experiment",
            experiment_fs_path=str(folder),
            trial_fs_path=self.local_path,
            storage_filesystem=SimpleNamespace(type_name="local"),
        )

    def __str__(self) -> str:
        return f"train_{self.trial_id}"

    def init_local_path(self) -> None:
        """Tune's own makes a folder, which costs Tune without a logger, too."""

    def get_trainable_cls(self) -> type:
        return FakeTrial


def measure(trials: int, results: int, at_once: int) -> dict[str, Any]:
    """Drive the hooks as Tune does, and time each call."""
    from tune_wandb_nb import WandbLogger

    folder = Path.cwd()
    logger = WandbLogger(project="benchmark", mode="offline", dir=str(folder))
    logger.setup()
    times: dict[str, list[float]] = {hook: [] for hook in HOOKS}
    every: list[FakeTrial] = []
    drive(logger, (trials, results, at_once), times, every)
    begun = time.perf_counter()
    with redirect_stdout(sys.stderr):
        logger.on_experiment_end(every)
    return {
        "trials": trials,
        "times": {hook: medians(times[hook]) for hook in HOOKS},
        "closing": time.perf_counter() - begun,
        "memory": memory_of_a_trial(folder, results, at_once),
        "reported": trials * results,
        "rows": int(logger.audit()["logged"].sum()),
    }


def drive(
    logger: Any,
    load: tuple[int, int, int],
    times: dict[str, list[float]],
    every: list[FakeTrial],
) -> None:
    """Call the hooks of some trials.

    Args:
        logger: The logger.
        load: The number of trials, of each one's results, and of trials at once.
        times: Where the seconds of each call go.
        every: Where the trials go, which Tune passes to each hook.
    """
    trials, results, at_once = load
    for batch in batches([FakeTrial(n, Path.cwd()) for n in range(trials)], at_once):
        every += batch
        for trial in batch:
            times["start"].append(timed(logger.on_trial_start, 0, every, trial))
        for i in range(results):
            for trial in batch:
                trial.last_result = result(trial, i)
                times["result"].append(timed(logger.log_trial_result, i, trial, trial.last_result))
                times["step end"].append(timed(logger.on_step_end, i, every))
        for trial in batch:
            logger.log_trial_end(trial)


def memory_of_a_trial(folder: Path, results: int, at_once: int) -> float:
    """Return the bytes of Python objects that a trial leaves whose run is closed."""
    from tune_wandb_nb import WandbLogger

    taken = []
    tracemalloc.start()
    for trials in (at_once, 4 * at_once):
        logger = WandbLogger(project="benchmark", mode="offline", dir=str(folder))
        logger.setup()
        before = tracemalloc.get_traced_memory()[0]
        drive(logger, (trials, results, at_once), {hook: [] for hook in HOOKS}, [])
        with redirect_stdout(sys.stderr):
            logger.on_experiment_end([])
        gc.collect()
        taken.append((trials, tracemalloc.get_traced_memory()[0] - before, logger))
    tracemalloc.stop()
    (few, least, _), (many, most, _) = taken
    return (most - least) / (many - few)


def batches(trials: list[FakeTrial], size: int) -> Iterator[list[FakeTrial]]:
    for begin in range(0, len(trials), size):
        yield trials[begin : begin + size]


def result(trial: FakeTrial, i: int) -> dict[str, Any]:
    return {
        "loss": 1 / (i + 1), "accuracy": i / 100, "training_iteration": i + 1,
        "time_total_s": 0.1 * i,
        "timestamp": 1_700_000_000 + i, "trial_id": trial.trial_id, "date": "2026", "pid": 1,
        "hostname": "h", "node_ip": "127.0.0.1", "config": trial.config, "done": False,
    }  # fmt: skip


def timed(hook: Any, *arguments: Any) -> float:
    begin = time.perf_counter()
    hook(*arguments)
    return time.perf_counter() - begin


def medians(times: list[float]) -> tuple[float, float]:
    """Return the median at a tenth of the search, and at its end, in microseconds."""
    width = max(1, int(len(times) * WINDOW))
    tenth = len(times) // 10
    return (
        statistics.median(times[tenth : tenth + width]) * 1e6,
        statistics.median(times[-width:]) * 1e6,
    )


def table(measured: list[dict[str, Any]]) -> str:
    of = {f"{found['trials']:,} trials": found for found in measured}

    def hook(name: str) -> tuple[str, Callable[[str], str]]:
        def value(column: str) -> str:
            early, late = of[column]["times"][name]
            return f"{early:.0f} / {late:.0f} us"

        return f"{name}, at 10 % / at the end", value

    rows: list[tuple[str, Callable[[str], str]]] = [
        *map(hook, HOOKS),
        ("memory a trial", lambda column: f"{of[column]['memory'] / 1000:.1f} KB"),
        ("closing", lambda column: f"{of[column]['closing']:.1f} s"),
        ("rows in files", lambda column: f"{of[column]['rows']:,} of {of[column]['reported']:,}"),
    ]
    lines = markdown_table("The logger's hooks, offline, without workers", of, rows)
    if len(measured) > 1:
        last, first = measured[-1]["times"], measured[0]["times"]
        ratios = (f"{name} {last[name][1] / first[name][1]:.2f}" for name in HOOKS)
        lines += f"\n\nat the end, {measured[-1]['trials']:,} / {measured[0]['trials']:,} trials: "
        lines += ", ".join(ratios)
    return lines


if __name__ == "__main__":
    main()
