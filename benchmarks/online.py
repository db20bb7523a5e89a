"""What logging to a W&B that is far away costs a search of which all trials run at once.

    python benchmarks/online.py [--trials 32] [--results 20] [--latency 0.2] [--without-ray]
        [--sweep] [--view] [--search-run] [--pairs 1]

The server is the tests' own, on this machine, and lets every request wait. Each search runs in a
fresh process with a fresh Ray; no trial reports before the last one has started. To start that many
processes takes most of the time, and not the same twice: the searches without W&B and with ours
alternate for `--pairs`, and the ratio of walls is the median over the pairs. Ray's callback
needs two further processes and a wandb-core for every trial that runs: about 25 GB for 100 of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

from typing_extensions import Self

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.logger_overhead import NONE, OURS, RAYS, logger_class, noted, wall_ratio
from benchmarks.processes import in_fresh_process
from benchmarks.tables import markdown_table

LOOK_EVERY = 0.25
PAGES = ("sweep", "view", "search_run")
PAUSE = 0.5
"""Seconds between two results of a trial."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--results", type=int, default=20)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds of each request")
    parser.add_argument("--without-ray", action="store_true", help="leave Ray's callback out")
    parser.add_argument("--sweep", action="store_true", help="the search is a sweep")
    parser.add_argument("--view", action="store_true", help="a view of the search is saved")
    parser.add_argument("--search-run", action="store_true", help="the search has a run")
    parser.add_argument("--pairs", type=int, default=1, help="searches without W&B and with ours")
    parser.add_argument("--search", choices=[NONE, OURS, RAYS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        print(json.dumps(search(options)))
        return
    plan = [NONE, OURS] * options.pairs + ([] if options.without_ray else [RAYS])
    measured: dict[str, list[dict[str, Any]]] = {}
    for number, name in enumerate(plan, start=1):
        print(f"{number} of {len(plan)}: {name} ...", file=sys.stderr, flush=True)
        measured.setdefault(name, []).append(measure(name, options))
    print(table(measured, options))


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one search against a server that looks on."""
    from tests.wire import WireServer

    with WireServer() as server, Watch(server, options) as watch:
        server.faults.latency = options.latency
        environ = {"WANDB_MODE": "online", **server.environ}
        flags = [f"--{name.replace('_', '-')}" for name in PAGES if getattr(options, name)]
        found, memory = in_fresh_process(__file__, name, options, environ=environ, flags=flags)
        rows = sum(len(run.rows) for run in of_trials(server))
        return found | {
            "open": watch.all_open and max(0.0, watch.all_open - found["first"]),
            "there": watch.all_there and watch.all_there - found["last"],
            "rows": rows,
            "memory": memory.peak,
            "processes": memory.processes,
        }


def of_trials(server: Any) -> list[Any]:
    """Return the runs of trials."""
    return [run for run in server.runs.values() if run.job_type != "search"]


class Watch:
    """Notes when a server has every run, and when every row."""

    def __init__(self, server: Any, options: argparse.Namespace) -> None:
        self._server = server
        self._trials, self._rows = options.trials, options.trials * options.results
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.all_open: float | None = None
        self.all_there: float | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            runs = of_trials(self._server)
            if self.all_open is None and len(runs) >= self._trials:
                self.all_open = time.time()
            if self.all_there is None and sum(len(run.rows) for run in runs) >= self._rows:
                self.all_there = time.time()


def train(config: dict[str, Any]) -> None:
    """Train nothing, as soon as every other trial has started too."""
    from ray import tune

    started = Path(config["started"])
    started.joinpath(tune.get_context().get_trial_id()).touch()
    while len(list(started.iterdir())) < config["trials"]:
        time.sleep(PAUSE)
    for step in range(config["results"]):
        tune.report({"loss": 1.0 / (step + 1), "accuracy": step / 100, "lr": config["lr"]})
        time.sleep(PAUSE)


def search(options: argparse.Namespace) -> dict[str, Any]:
    """Run one search in this process."""
    import ray
    import wandb.sdk.launch.inputs.internal  # noqa: F401 - what wandb.init imports at its first call
    from ray import tune

    ray.init(num_cpus=options.trials, include_dashboard=False, log_to_driver=False)
    logging.getLogger("ray").setLevel(logging.ERROR)
    seen: dict[str, float] = {}
    given = {name: True for name in PAGES if getattr(options, name)}
    given = given if options.search == OURS else {}
    callbacks = [] if options.search == NONE else [logger_class(options.search)("p", **given)]
    folder = Path.cwd() / "started"
    folder.mkdir()
    tuner = tune.Tuner(
        train,
        param_space={
            "lr": tune.loguniform(1e-4, 1e-1),
            "results": options.results,
            "trials": options.trials,
            "started": str(folder),
        },
        tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=options.trials),
        run_config=tune.RunConfig(
            callbacks=[*callbacks, noted(seen)], verbose=0, storage_path=str(Path.cwd())
        ),
    )
    began = time.time()
    results = tuner.fit()
    ended = time.time()
    found = {
        "wall": ended - began,
        "first": seen["first"],
        "last": seen["last"],
        "tail": ended - seen["last"],
        "errors": results.num_errors,
    }
    ray.shutdown()
    return found


def table(measured: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> str:
    """Lay out what was measured, with the ratios, in Markdown."""

    def median(name: str, key: str) -> float:
        return statistics.median(run[key] for run in measured[name])

    def seconds(name: str, key: str) -> str:
        found = [run[key] for run in measured[name]]
        return "-" if name == NONE or None in found else f"{median(name, key):.1f} s"

    pairs = list(zip(measured[NONE], measured[OURS], strict=True))
    rows = [
        ("wall", lambda n: f"{median(n, 'wall'):.1f} s"),
        ("wall, times no W&B", lambda n: f"{wall_ratio(n, pairs, median):.2f}"),
        ("all trials running to all runs open", lambda n: seconds(n, "open")),
        ("last result to all rows in W&B", lambda n: seconds(n, "there")),
        ("last result to return of fit", lambda n: f"{median(n, 'tail'):.1f} s"),
        (
            "memory beyond no W&B",
            lambda n: f"{median(n, 'memory') - median(NONE, 'memory'):,.0f} MiB",
        ),
        ("processes", lambda n: f"{median(n, 'processes'):.0f}"),
        ("rows in W&B", lambda n: f"{median(n, 'rows'):,.0f}"),
    ]
    head = (
        f"{options.trials} trials at once x {options.results} results, every request takes"
        f" {options.latency:g} s; medians of {options.pairs}"
    )
    return markdown_table(head, measured, rows)


if __name__ == "__main__":
    main()
