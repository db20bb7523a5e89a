"""A long search against a W&B that fails now and then: nothing may be lost, memory may not grow.

    python benchmarks/soak.py [--trials 2000] [--results 50] [--failing 0.1] [--concurrency 8]

The server is the tests' own, and fails a share of all requests, at random but seeded. It ends with
exit code 1 where a row is missing or twice, or memory has grown by more than a third since a tenth
of the way.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.processes import in_fresh_process

FAILURES = (500, 502, 429)
MAY_GROW = 4 / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--results", type=int, default=50)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--failing", type=float, default=0.1, help="share of requests, 0 to 1")
    parser.add_argument("--search", choices=["soak"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        print(json.dumps(search(options)))
        return
    sys.exit(soak(options))


def soak(options: argparse.Namespace) -> int:
    """Run the search, print what came of it; returns the exit code."""
    from tests.wire import WireServer

    with WireServer() as server:
        # One after the other has its chance: together they strike the share that was asked for.
        share = 1 - (1 - options.failing) ** (1 / len(FAILURES))
        faults = [
            server.faults.fail(status, probability=share, seed=status, retry_after=1)
            for status in FAILURES
        ]
        environ = {"WANDB_MODE": "online", **server.environ}
        found, memory = in_fresh_process(__file__, "soak", options, environ=environ)
        runs = list(server.runs.values())
        wrong = [run.run_id for run in runs if not is_whole(run, options.results)]
    early, late = memory.at(0.1), memory.at(0.98)
    rows = sum(len(run.rows) for run in runs)
    hits, asked = sum(fault.hits for fault in faults), len(server.requests)
    print(
        f"{options.trials} trials x {options.results} results, {options.concurrency} at once, in"
        f" {found['wall']:,.0f} s\n"
        f"requests that failed: {hits:,} of {asked:,} ({hits / asked:.0%})\n"
        f"runs in W&B: {len(runs):,}, not whole: {len(wrong):,} {wrong[:5] or ''}\n"
        f"rows in W&B: {rows:,} of {options.trials * options.results:,}\n"
        f"logger: {found['said']}\n"
        f"memory at a tenth of the way / at the end: {early:,.0f} / {late:,.0f} MiB"
    )
    is_lost = bool(wrong) or len(runs) != options.trials
    return int(is_lost or late > early * MAY_GROW)


def is_whole(run: Any, results: int) -> bool:
    """Whether a run is closed and has each row once, by value."""
    there = [(row["training_iteration"], row["value"]) for row in run.rows]
    expected = [(i + 1, run.config["a"] + i) for i in range(results)]
    return run.complete and there == expected


def train(config: dict[str, Any]) -> None:
    """Report values by which each row can be told from every other."""
    from ray import tune

    for i in range(config["results"]):
        tune.report({"value": config["a"] + i})


def search(options: argparse.Namespace) -> dict[str, Any]:
    """Run the search in this process."""
    import ray
    from ray import tune

    from tune_wandb_nb import WandbLogger

    ray.init(num_cpus=options.concurrency, include_dashboard=False, log_to_driver=False)
    logging.getLogger("ray").setLevel(logging.ERROR)
    logger = WandbLogger(project="soak", upload_timeout=600)
    tuner = tune.Tuner(
        train,
        param_space={"a": tune.uniform(0, 1e6), "results": options.results},
        tune_config=tune.TuneConfig(
            num_samples=options.trials,
            max_concurrent_trials=options.concurrency,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(callbacks=[logger], verbose=0, storage_path=str(Path.cwd())),
    )
    began = time.perf_counter()
    tuner.fit()
    audit = logger.audit()
    found = {
        "wall": time.perf_counter() - began,
        "said": f"{audit['logged'].sum():,} of {audit['reported'].sum():,} rows logged",
    }
    ray.shutdown()
    return found


if __name__ == "__main__":
    main()
