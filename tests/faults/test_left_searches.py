"""Searches that Tune leaves without its last hook: their runs end with every row all the same."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs
from tests.wire import WireServer

CHECKOUT = Path(tw.__file__).parent.parent
ROWS = 20
SCRIPT = """
import os
from ray import tune
from tests.joining import join_ray
import tune_wandb_nb as tw

class Raises(tune.Callback):
    def on_trial_result(self, iteration, trials, trial, result, **info):
        if result["training_iteration"] == ROWS:
            raise KeyboardInterrupt("theirs")

def train(config):
    for i in range(100_000):
        tune.report({"value": i})

if __name__ == "__main__":
    join_ray()
    callbacks = [tw.WandbLogger(project="p"), Raises()]
    run_config = tune.RunConfig(callbacks=callbacks, storage_path=os.getcwd() + "/ray", verbose=0)
    tune.Tuner(train, run_config=run_config).fit()
""".replace("ROWS", str(ROWS))


class Raises(tune.Callback):
    """Raises at the second result."""

    def on_trial_result(self, *_: Any, result: dict[str, Any], **__: Any) -> None:
        if result["training_iteration"] == 2:
            raise KeyboardInterrupt("theirs")


def train(config: dict[str, Any]) -> None:
    for i in range(3):
        tune.report({"value": i})


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_script_that_ends_with_an_error_has_written_every_row(
    ray_environ: dict[str, str], wandb_home: Path, wire_server: WireServer, mode: str
) -> None:
    (wandb_home / "script.py").write_text(SCRIPT)
    environ = {**os.environ, **ray_environ, **wire_server.environ}
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=wandb_home,
        env={**environ, "PYTHONPATH": str(CHECKOUT), "WANDB_MODE": mode},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KeyboardInterrupt: theirs" in done.stderr, done.stderr
    assert f"1 trial, {ROWS} rows" in done.stdout
    runs = wire_server.runs if mode == "online" else offline_runs(wandb_home)
    (run,) = runs.values()
    assert [row["value"] for row in run.rows] == list(range(ROWS))
    assert run.summary["tune/status"] == "search ended early"
    assert run.exit_code == 0


def test_a_kernel_that_goes_on_has_no_run_left_open(
    run_search: RunSearch, wire_server: WireServer
) -> None:
    logger = tw.WandbLogger(project="p", host=wire_server.url, api_key=wire_server.api_key)
    with pytest.raises(KeyboardInterrupt, match="theirs"):
        run_search(train, {}, callbacks=[logger, Raises()])
    wire_server.wait_for(lambda s: [run.complete for run in s.runs.values()] == [True])
    (run,) = wire_server.runs.values()
    assert [row["value"] for row in run.rows] == [0, 1]
    assert run.summary["tune/status"] == "search ended early"
    assert list(logger.audit()["logged"]) == [2]
    # Tune frees the CPUs of a search that it has left when Python frees Tune's loop.
    gc.collect()
