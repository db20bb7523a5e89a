"""What W&B inside the trial costs: Ray's `setup_wandb`, ours, and `wandb_mixin`.

    python benchmarks/mixin_overhead.py [--trials 16] [--results 20] [--concurrency 4] [--rounds 3]

Every search runs in a fresh process with a fresh Ray, offline, every trial in a process of its own
that has imported wandb already. The start of a run is measured inside the trial, from the call to
the first line that could log.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.processes import in_fresh_process
from benchmarks.tables import markdown_table

NONE, MIXIN, OURS, RAYS = "no W&B", "wandb_mixin", "our setup_wandb", "Ray's setup_wandb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--results", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--search", choices=[NONE, MIXIN, OURS, RAYS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        print(json.dumps(search(options)))
        return
    plan = [name for _ in range(options.rounds) for name in (NONE, MIXIN, OURS, RAYS)]
    measured: dict[str, list[dict[str, Any]]] = {NONE: [], MIXIN: [], OURS: [], RAYS: []}
    for number, name in enumerate(plan, start=1):
        print(f"{number} of {len(plan)}: {name} ...", file=sys.stderr, flush=True)
        found, memory = in_fresh_process(__file__, name, options, shares_core=True)
        measured[name].append(found | {"memory": memory.peak, "processes": memory.processes})
    print(table(measured, options))


def trainable(name: str) -> Any:
    """Return the function to search with; each reports how long its run took to start."""
    import wandb
    from ray import tune

    def train(config: dict[str, Any], begun: float | None = None) -> None:
        begun = time.perf_counter() if begun is None else begun
        log = None
        if name == OURS:
            from tune_wandb_nb import setup_wandb

            log = setup_wandb(config, project="benchmark").log
        elif name == RAYS:
            from ray.air.integrations.wandb import setup_wandb as rays

            log = rays(config, project="benchmark").log
        elif name == MIXIN:
            log = wandb.log
        start = time.perf_counter() - begun
        for step in range(config["results"]):
            row = {"loss": 1.0 / (step + 1), "accuracy": step / 100, "lr": config["lr"]}
            if log is not None:
                log(row)
            tune.report({**row, "start": start})

    if name != MIXIN:
        return train
    from tune_wandb_nb import wandb_mixin

    decorated = wandb_mixin(train)

    def timed(config: dict[str, Any]) -> None:
        decorated(config, time.perf_counter())

    # As `decorated` itself: what is around it only looks at the clock.
    timed.__mixins__ = decorated.__mixins__  # type: ignore[attr-defined]
    return timed


def search(options: argparse.Namespace) -> dict[str, Any]:
    """Run one search in this process."""
    import ray
    from ray import tune

    ray.init(
        num_cpus=options.concurrency,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    logging.getLogger("ray").setLevel(logging.ERROR)
    space = {"lr": tune.loguniform(1e-4, 1e-1), "results": options.results}
    if options.search == MIXIN:
        space["wandb"] = {"project": "benchmark"}
    tuner = tune.Tuner(
        trainable(options.search),
        param_space=space,
        tune_config=tune.TuneConfig(
            num_samples=options.trials,
            max_concurrent_trials=options.concurrency,
            reuse_actors=False,
        ),
        run_config=tune.RunConfig(verbose=0, storage_path=str(Path.cwd())),
    )
    started = time.perf_counter()
    results = tuner.fit()
    wall = time.perf_counter() - started
    starts = [result.metrics["start"] for result in results if result.metrics]
    ray.shutdown()
    return {"wall": wall, "errors": results.num_errors, "starts": starts}


def table(measured: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> str:
    """Lay out what was measured, in Markdown."""

    def median(name: str, key: str) -> float:
        return statistics.median(run[key] for run in measured[name])

    def starts(name: str, share: float) -> str:
        if name == NONE:
            return "-"
        values = sorted(start for run in measured[name] for start in run["starts"])
        return f"{values[min(int(share * len(values)), len(values) - 1)]:.2f} s"

    def per_trial(name: str) -> str:
        beyond = median(name, "memory") - median(NONE, "memory")
        return "-" if name == NONE else f"{beyond / options.concurrency:,.0f} MiB"

    rows = [
        ("start of a run, median", lambda n: starts(n, 0.5)),
        ("start of a run, 90th percentile", lambda n: starts(n, 0.9)),
        ("start of a run, slowest", lambda n: starts(n, 1.0)),
        ("memory per running trial beyond no W&B", per_trial),
        ("peak private memory", lambda n: f"{median(n, 'memory'):,.0f} MiB"),
        ("processes", lambda n: f"{median(n, 'processes'):.0f}"),
        ("wall", lambda n: f"{median(n, 'wall'):.1f} s"),
    ]
    head = (
        f"{options.trials} trials x {options.results} results, {options.concurrency} at once, every"
        f" trial in a fresh process, offline; {options.rounds} rounds"
    )
    return markdown_table(head, measured, rows)


if __name__ == "__main__":
    main()
