"""What the dashboard costs: a real search with and without it, and thousands of trials by hand.

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


def by_hand(trials: int, results: int, at_once: int) -> dict[str, float]:
    """Record trials straight into the board, ``at_once`` of them for each second of a search."""
    import numpy as np

    from tune_wandb_nb.tuning.board.board import TrialBoard
    from tune_wandb_nb.widgets.dashboard.dashboard import Dashboard

    now = [0.0]
    board = TrialBoard("score", "max")
    dashboard = Dashboard(board=board)
    sent: list[int] = []

    def counted(content: Any, buffers: Any = None) -> None:
        sent.append(len(json.dumps(content)) + sum(map(len, buffers or ())))

    dashboard.view.send = counted
    dashboard.view._clock = lambda: now[0]  # noqa: SLF001 - seconds pass as trials end
    board.begin(expected=trials)
    dashboard._importance.update = lambda _: None  # noqa: SLF001 - it has a thread of its own
    dashboard.view._handle_custom_msg({"kind": "ready"}, [])  # noqa: SLF001 - as a page does
    sent.clear()
    random, refreshes = np.random.default_rng(0), []
    for first in range(0, trials, at_once):
        fill(board, random, range(first, first + at_once), results)
        now[0] += 60.0
        started = time.perf_counter()
        dashboard.refresh()
        refreshes.append((time.perf_counter() - started) * 1000)
    changes = sum(sent) / 1000 / len(refreshes)
    sent.clear()
    started = time.perf_counter()
    dashboard.view._handle_custom_msg({"kind": "ready"}, [])  # noqa: SLF001 - a page is reloaded
    answer = (time.perf_counter() - started) * 1000
    board.end()
    dashboard.settle()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.html")
        dashboard.save(report)
        size = report.stat().st_size / 1000
    # A saved notebook has the widget with its bundle, and the report with the picture once more.
    state = dashboard.view.get_state()
    widget = sum(len(state[name]) for name in ("_esm", "_css", "saved")) / 1000
    picture = dashboard._lasting.png() or b""  # noqa: SLF001 - what the output has beside it
    return {
        "mean": statistics.mean(refreshes),
        "median": statistics.median(refreshes),
        "changes": changes,
        "first": sum(sent) / 1000,
        "answer": answer,
        "report": size,
        "notebook": widget + size + len(picture) * 4 / 3000,
    }


def memory() -> float:
    """Return the megabytes of a board of a thousand trials."""
    import numpy as np

    from tune_wandb_nb.tuning.board.board import TrialBoard

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    board = TrialBoard("score", "max")
    fill(board, np.random.default_rng(0), range(MANY_TRIALS), MANY_RESULTS)
    board.snapshot()
    megabytes = (tracemalloc.get_traced_memory()[0] - before) / 1e6
    tracemalloc.stop()
    return megabytes


def fill(board: Any, random: Any, numbers: range, results: int) -> None:
    for i in numbers:
        params = {"lr": float(10 ** random.uniform(-5, -1)), "act": ("relu", "tanh")[i % 2]}
        name = f"train_3fa9c_{i:05d}"
        folder = f"/root/ray_results/train_2026-11-27/{name}_{i}_act=relu,lr={params['lr']:.4f}"
        board.add(name[6:], name=name, params=params, folder=folder)
        board.change(name[6:], "running")
        top = random.uniform()
        for step in range(1, results + 1):
            result = {"training_iteration": step, "time_total_s": step * 0.5, "pid": i % 8}
            noise = random.normal(0, 0.05)
            board.record(name[6:], {**result, "score": top * step + noise, "loss": 1 / step})
        board.change(name[6:], "done")


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
    os.environ["TUNE_WANDB_NB_FRONTEND"] = "jupyterlab"
    print(row("board, 1,000 trials x 100 results", memory(), 50, "MB"))
    some = by_hand(MANY_TRIALS, MANY_RESULTS, 10)
    many = by_hand(10_000, 20, 100)
    for title, found, most in (("1,000 x 100", some, 10), ("10,000 x 20", many, 50)):
        print(row(f"{title}: a refresh, mean", found["mean"], most, "ms"))
        print(row(f"{title}: a refresh, median", found["median"], most, "ms"))
    print(row("1,000 x 100: changes, on average", some["changes"], 10, "KB"))
    print(f"10,000 x 20: changes, on average{many['changes']:>36.2f} KB (100 trials end at once)")
    print(row("1,000 x 100: the first message", some["first"], 1000, "KB"))
    print(row("10,000 x 20: the first message", many["first"], 1000, "KB"))
    print(f"answer to a page: {some['answer']:.0f} ms, of 10,000 trials {many['answer']:.0f} ms")
    print(row("1,000 x 100: saved notebook with widget state", some["notebook"], 1200, "KB"))
    print(row("1,000 x 100: report", some["report"], 2000, "KB"), flush=True)
    if not given.rounds:
        return
    in_own_process(with_dashboard=False)
    walls: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(given.rounds):
        for with_dashboard, measured in walls.items():
            measured.append(in_own_process(with_dashboard))
    plain, shown = (statistics.median(walls[key]) for key in (False, True))
    print(f"walls without: {walls[False]}, with: {walls[True]}")
    print(row("64 trials x 20 results, 8 at once: wall with / without", shown / plain, 1.02, ""))


if __name__ == "__main__":
    main()
