"""How long a notebook waits for the first result: plain Ray Tune, and with this package.

    python benchmarks/first_result.py [--pairs 5]

Each notebook runs in a fresh kernel with a fresh Ray, offline, in a folder that is removed. The
clock starts before the first import and stops when Tune hands the first result of the first trial
to its callbacks. The kinds alternate; printed are the medians, and how much more than plain Tune's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.tables import markdown_table

PLAIN, LOGGER, EXPERIMENT = "plain Ray Tune", "with WandbLogger", "Experiment, with its dashboard"
BEGIN = """
import time
begun = time.perf_counter()
from ray import tune
"""
FIRST = """

class First(tune.Callback):
    is_here = False

    def on_trial_result(self, iteration, trials, trial, result, **info):
        if not First.is_here:
            First.is_here = True
            print("SECONDS", time.perf_counter() - begun)

def train_fn(config):
    for i in range(3):
        tune.report({"accuracy": config["lr"] * i})

space = {"lr": tune.loguniform(1e-4, 1e-1)}
"""
TUNER = """
callbacks = [*more, First()]
tune.Tuner(
    train_fn, param_space=space, run_config=tune.RunConfig(callbacks=callbacks, storage_path=folder)
).fit()
"""
KINDS = {
    PLAIN: BEGIN + FIRST + "more = []" + TUNER,
    LOGGER: BEGIN
    + "import tune_wandb_nb as tw"
    + FIRST
    + "more = [tw.WandbLogger('digits')]"
    + TUNER,
    EXPERIMENT: BEGIN
    + "import tune_wandb_nb as tw"
    + FIRST
    + """
run_config = tune.RunConfig(callbacks=[First()], storage_path=folder)
experiment = tw.Experiment(
    train_fn,
    param_space=space,
    tune_config=tune.TuneConfig(metric="accuracy", mode="max"),
    run_config=run_config,
    wandb={"project": "digits", "mode": "offline"},
)
experiment.start()
experiment.wait()
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5, help="notebooks of each kind")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(options.pairs):
        for kind, code in KINDS.items():
            print(f"{number + 1} of {options.pairs}: {kind} ...", file=sys.stderr, flush=True)
            seconds[kind].append(first_result(code))
    plain = statistics.median(seconds[PLAIN])
    medians = {kind: statistics.median(times) for kind, times in seconds.items()}
    rows = [
        ("first result after", lambda kind: f"{medians[kind]:.2f} s"),
        ("more than plain", lambda kind: f"{medians[kind] - plain:+.2f} s"),
        ("range", lambda kind: f"{min(seconds[kind]):.2f} to {max(seconds[kind]):.2f} s"),
    ]
    head = f"From the first import to the first result, {options.pairs} notebooks each:"
    print(markdown_table(head, KINDS, rows))


def first_result(code: str) -> float:
    """Run a notebook in a kernel of its own, and return the seconds that it prints."""
    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "RAY_ADDRESS"))}
        # A home without a netrc: nobody's account is used.
        env |= {"HOME": folder, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        manager, client = start_new_kernel(kernel_name="python3", cwd=folder, env=env)
        printed: list[str] = []

        def keep(message: dict[str, dict[str, str]]) -> None:
            content = message["content"]
            printed.extend([content.get("text", ""), *content.get("traceback", ())])

        try:
            client.execute_interactive(
                f"folder = {folder!r} + '/results'\n{code}", output_hook=keep, timeout=300
            )
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
    text = "".join(printed)
    lines = [line for line in text.splitlines() if line.startswith("SECONDS ")]
    if not lines:
        raise SystemExit(f"no result has arrived:\n{text}")
    return float(lines[0].split()[1])


if __name__ == "__main__":
    main()
