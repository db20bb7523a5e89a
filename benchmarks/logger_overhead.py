"""What logging to W&B costs a search: without W&B, with ours, and with Ray's own callback.

    python benchmarks/logger_overhead.py [--trials 64] [--results 20] [--metrics 3]
        [--concurrency 8] [--pairs 5] [--without-ray]

Every search runs in a fresh process with a fresh Ray, offline, in a folder that is removed. The
searches without W&B and with ours alternate; the ratio of walls is the median over the pairs.
Each has imported wandb before its clock starts: two seconds of CPU, once, that are no logger's.
Below the table stands what the same runs cost with wandb alone, one after the other without Ray.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.processes import core_cpu_seconds, in_fresh_process
from benchmarks.tables import markdown_table

NONE, OURS, RAYS = "no W&B", "tune-wandb-nb", "Ray's callback"
ALONE = "wandb alone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--results", type=int, default=20)
    parser.add_argument("--metrics", type=int, default=3, help="of each result")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=5, help="searches without W&B and with ours")
    parser.add_argument("--without-ray", action="store_true", help="leave Ray's callback out")
    parser.add_argument("--search", choices=[NONE, OURS, RAYS, ALONE], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        print(json.dumps(alone(options) if options.search == ALONE else search(options)))
        return
    plan = [name for _ in range(options.pairs) for name in (NONE, OURS)]
    if not options.without_ray:
        plan.append(RAYS)
    measured: dict[str, list[dict[str, Any]]] = {NONE: [], OURS: [], RAYS: []}
    for number, name in enumerate(plan, start=1):
        print(f"{number} of {len(plan)}: {name} ...", file=sys.stderr, flush=True)
        measured[name].append(measure(name, options))
    print(table(measured, options))
    cpu = measure(ALONE, options)["cpu"]
    print(f"\n{ALONE}, without Ray: {1000 * cpu / options.trials:.0f} ms of CPU per run")


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one search in a process of its own."""
    found, memory = in_fresh_process(__file__, name, options, count=count_rows)
    return found | {
        "memory": memory.peak,
        "processes": memory.processes,
        "memory_early": memory.at(0.2),
        "memory_late": memory.at(0.95),
    }


def count_rows(folder: Path) -> dict[str, int]:
    """Count the history rows in the files of all runs."""
    from tests.wire import read_wandb_file

    files = set(map(Path.resolve, folder.rglob("run-*.wandb")))
    return {"rows": sum(len(read_wandb_file(file).rows) for file in files)}


def train(config: dict[str, Any]) -> None:
    """Train nothing, so that only what is around it is measured."""
    from ray import tune

    names = [f"metric_{i}" for i in range(3, config["metrics"])]
    for step in range(config["results"]):
        own = {"loss": 1.0 / (step + 1), "accuracy": step / 100, "lr": config["lr"]}
        tune.report(own | {name: step + i for i, name in enumerate(names)})


def search(options: argparse.Namespace) -> dict[str, Any]:
    """Run one search in this process."""
    import ray
    import wandb.sdk.launch.inputs.internal  # noqa: F401 - what wandb.init imports at its first call
    from ray import tune

    ray.init(
        num_cpus=options.concurrency,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    logging.getLogger("ray").setLevel(logging.ERROR)
    times: dict[str, list[float]] = {"result": [], "start": []}
    seen: dict[str, float] = {}
    callbacks = [] if options.search == NONE else [timed(logger_class(options.search), times)]
    tuner = tune.Tuner(
        train,
        param_space={
            "lr": tune.loguniform(1e-4, 1e-1),
            "results": options.results,
            "metrics": options.metrics,
        },
        tune_config=tune.TuneConfig(
            num_samples=options.trials,
            max_concurrent_trials=options.concurrency,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            callbacks=[*callbacks, noted(seen)], verbose=0, storage_path=str(Path.cwd())
        ),
    )
    cpu, started = time.process_time(), time.time()
    results = tuner.fit()
    ended = time.time()
    found = {
        "wall": ended - started,
        "cpu": time.process_time() - cpu + core_cpu_seconds(os.getpid()),
        "tail": ended - seen["last"],
        "errors": results.num_errors,
        "result_times": [quantile(times["result"], 0.5), quantile(times["result"], 0.99)],
        "start_time": quantile(times["start"], 0.5),
    }
    ray.shutdown()
    return found


def alone(options: argparse.Namespace) -> dict[str, Any]:
    """Write the runs of a search with wandb alone, with the settings that we open runs with."""
    import wandb
    import wandb.sdk.launch.inputs.internal

    from tune_wandb_nb.tracking.runs.open_run import LEAN

    cpu = time.process_time()
    for _ in range(options.trials):
        run = wandb.init(reinit="create_new", config={"lr": 0.1}, settings=wandb.Settings(**LEAN))
        for step in range(options.results):
            row = {f"metric_{i}": step + i for i in range(options.metrics)}
            run.log(row | {"training_iteration": step, "time_total_s": 0.1}, step=step)
        run.finish()
    return {"cpu": time.process_time() - cpu + core_cpu_seconds(os.getpid())}


def logger_class(name: str) -> type:
    """Return the callback to measure."""
    if name == OURS:
        from tune_wandb_nb import WandbLogger

        return WandbLogger
    from ray.air.integrations.wandb import WandbLoggerCallback

    return WandbLoggerCallback


def timed(base: type, times: dict[str, list[float]]) -> Any:
    """Make a callback that notes how long each of its hooks takes."""

    class Timed(base):  # type: ignore[misc]
        def on_trial_result(self, *args: Any, **info: Any) -> None:
            began = time.perf_counter()
            super().on_trial_result(*args, **info)
            times["result"].append(time.perf_counter() - began)

        def on_trial_start(self, *args: Any, **info: Any) -> None:
            began = time.perf_counter()
            super().on_trial_start(*args, **info)
            times["start"].append(time.perf_counter() - began)

        def __reduce__(self) -> Any:
            return (object, ())

    return Timed(project="benchmark")


def noted(seen: dict[str, float]) -> Any:
    """Make a callback that notes when the "first" and the "last" result came."""
    from ray.tune import Callback

    class Noted(Callback):
        def on_trial_result(self, *_: Any, **__: Any) -> None:
            seen["last"] = time.time()
            seen.setdefault("first", seen["last"])

        def __reduce__(self) -> Any:
            return (object, ())

    return Noted()


def quantile(values: list[float], share: float) -> float:
    """Return a quantile, 0 where there are no values."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def table(measured: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> str:
    """Lay out what was measured, with the ratios, in Markdown."""
    columns = {name: runs for name, runs in measured.items() if runs}

    def median(name: str, key: str) -> float:
        return statistics.median(run[key] for run in columns[name])

    pairs = list(zip(measured[NONE], measured[OURS], strict=True))
    base_cpu, base_memory = median(NONE, "cpu"), median(NONE, "memory")
    rows = [
        ("CPU of driver and wandb-core", lambda n: f"{median(n, 'cpu'):.1f} s"),
        (
            "CPU per trial beyond no W&B",
            lambda n: f"{1000 * (median(n, 'cpu') - base_cpu) / options.trials:.0f} ms",
        ),
        ("wall", lambda n: f"{median(n, 'wall'):.1f} s"),
        ("wall, times no W&B", lambda n: f"{wall_ratio(n, pairs, median):.2f}"),
        ("peak private memory", lambda n: f"{median(n, 'memory'):,.0f} MiB"),
        ("memory beyond no W&B", lambda n: f"{median(n, 'memory') - base_memory:,.0f} MiB"),
        (
            "memory at 20 % / 95 % of the search",
            lambda n: f"{median(n, 'memory_early'):,.0f} / {median(n, 'memory_late'):,.0f} MiB",
        ),
        ("processes", lambda n: f"{median(n, 'processes'):.0f}"),
        ("callback per result, median", lambda n: micros(n, columns, 0)),
        ("callback per result, p99", lambda n: micros(n, columns, 1)),
        ("callback per trial start", lambda n: micros(n, columns, None)),
        ("last result to return of fit", lambda n: f"{median(n, 'tail'):.1f} s"),
        ("rows in the .wandb files", lambda n: f"{median(n, 'rows'):,.0f}"),
    ]
    head = (
        f"{options.trials} trials x {options.results} results of {options.metrics} metrics,"
        f" {options.concurrency} at once,"
        f" offline, reuse_actors=True; medians of {options.pairs}, Ray's callback once"
    )
    return markdown_table(head, columns, rows)


def wall_ratio(name: str, pairs: list[Any], median: Any) -> float:
    """Return the median ratio over the pairs; Ray's callback is compared with the medians."""
    if name == OURS:
        return statistics.median(ours["wall"] / none["wall"] for none, ours in pairs)
    return float(median(name, "wall") / median(NONE, "wall"))


def micros(name: str, columns: dict[str, list[dict[str, Any]]], part: int | None) -> str:
    """Lay out the time in a hook."""
    if name == NONE:
        return "-"
    runs = columns[name]
    values = [r["start_time"] if part is None else r["result_times"][part] for r in runs]
    return f"{1e6 * statistics.median(values):,.0f} us"


if __name__ == "__main__":
    main()
