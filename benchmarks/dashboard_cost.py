"""What the dashboard costs: a real search with and without it, and a thousand trials by hand.

    python benchmarks/dashboard_cost.py [--rounds 3]

Prints a table of measured numbers beside the most that they may be. Each search runs in a process
of its own, in turn with and without the dashboard, after one that only warms up.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

TRIALS, RESULTS, AT_ONCE = 64, 20, 8
MANY_TRIALS, MANY_RESULTS = 1_000, 100
CHECKOUT = Path(__file__).parents[1]


def search(with_dashboard: bool) -> float:
    """Run the search in this process and return its seconds in ``fit``."""
    import logging

    import ray
    from ray import tune

    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"  # as in a notebook, where Tune uses its reporter
    ray.init(
        num_cpus=AT_ONCE, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
    )

    def train(config: dict[str, Any]) -> None:
        for i in range(RESULTS):
            tune.report({"score": config["x"] * i, "loss": 1.0 / (i + 1)})

    from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter
    from tune_wandb_nb.widgets.dashboard.dashboard import Dashboard

    dashboard = Dashboard(metric="score", mode="max") if with_dashboard else None
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            train,
            param_space={"x": tune.uniform(0, 1), "y": tune.loguniform(1e-5, 1e-1)},
            tune_config=tune.TuneConfig(
                num_samples=TRIALS, reuse_actors=True, max_concurrent_trials=AT_ONCE
            ),
            run_config=tune.RunConfig(
                storage_path=folder,
                verbose=1,
                callbacks=[dashboard.callback] if dashboard else [],
                progress_reporter=dashboard.reporter if dashboard else HtmlReporter(len),
            ),
        )
        started = time.perf_counter()
        tuner.fit()
        return time.perf_counter() - started


def in_own_process(with_dashboard: bool) -> float:
    command = [sys.executable, __file__, "--search", str(int(with_dashboard))]
    environ = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def by_hand() -> dict[str, float]:
    """Record a thousand trials straight into the board, one second of search after another."""
    import ipywidgets
    import numpy as np
    from tune_wandb_nb.widgets.charts.live_charts import LiveCharts

    from tune_wandb_nb.tuning.board.board import TrialBoard
    from tune_wandb_nb.widgets.dashboard.dashboard import Dashboard

    sent = [0]
    send = ipywidgets.Widget._send  # noqa: SLF001 - where every message passes

    def counted(self: Any, message: Any, buffers: Any = None) -> None:
        sent[0] += len(json.dumps(message, default=str))
        sent[0] += sum(memoryview(b).nbytes for b in buffers or ())
        send(self, message, buffers)

    ipywidgets.Widget._send = counted  # noqa: SLF001
    random = np.random.default_rng(0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    board = TrialBoard("score", "max")
    board.begin(expected=MANY_TRIALS)
    fill(board, random, range(MANY_TRIALS))
    board.snapshot()
    megabytes = (tracemalloc.get_traced_memory()[0] - before) / 1e6
    tracemalloc.stop()

    board = TrialBoard("score", "max")
    now = [0.0]
    dashboard = Dashboard(board=board)
    dashboard.charts = LiveCharts(clock=lambda: now[0])
    dashboard.charts.importance.show = lambda *_: 0  # it has a thread of its own
    sent[0], refreshes = 0, []
    for first in range(0, MANY_TRIALS, 10):
        fill(board, random, range(first, first + 10))
        now[0] += 1.0
        started = time.perf_counter()
        dashboard.refresh()
        refreshes.append((time.perf_counter() - started) * 1000)
    return {
        "megabytes": megabytes,
        "early": statistics.median(refreshes[5:25]),
        "late": statistics.median(refreshes[-20:]),
        "worst": max(refreshes[5:]),
        "kilobytes": sent[0] / 1000 / len(refreshes),
    }


def fill(board: Any, random: Any, numbers: range) -> None:
    for i in numbers:
        params = {"lr": float(10 ** random.uniform(-5, -1)), "act": ("relu", "tanh")[i % 2]}
        board.add(f"t{i}", name=f"train_{i:05d}", params=params)
        top = random.uniform()
        for step in range(1, MANY_RESULTS + 1):
            result = {"training_iteration": step, "time_total_s": step * 0.5}
            board.record(f"t{i}", {**result, "score": top * step, "loss": 1 / step})
        board.change(f"t{i}", "done")


def row(what: str, measured: float, most: float, unit: str) -> str:
    verdict = "ok" if measured <= most else "TOO MUCH"
    return f"{what:<58}{measured:>9.2f} {unit:<3} {most:>7g}  {verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--search", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.search is not None:
        print(json.dumps(search(bool(given.search))))
        return
    hand = by_hand()
    print(row("board, 1,000 trials x 100 results", hand["megabytes"], 50, "MB"))
    print(row("refresh with the first 250 trials, median", hand["early"], 50, "ms"))
    print(row("refresh with the last 200 trials, median", hand["late"], 50, "ms"))
    print(row("refresh, the slowest", hand["worst"], 50, "ms"))
    print(row("to the browser, on average", hand["kilobytes"], 100, "KB/s"), flush=True)
    if not given.rounds:
        return
    in_own_process(with_dashboard=False)
    walls: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(given.rounds):
        for with_dashboard, measured in walls.items():
            measured.append(in_own_process(with_dashboard))
    plain, shown = (statistics.median(walls[key]) for key in (False, True))
    print(f"walls without: {walls[False]}, with: {walls[True]}")
    print(row("64 trials x 20 results, 8 at once: wall with / without", shown / plain, 1.05, ""))


if __name__ == "__main__":
    main()
