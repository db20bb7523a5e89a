"""A run that its trial writes itself is stopped on its W&B page: with and without a logger."""

from __future__ import annotations

import time
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireServer
from tests.wire.fixtures import ask_soon

MANY = 3000


def train(config: dict[str, Any]) -> None:
    for i in range(MANY if config["a"] == 1 else 3):
        wandb.log({"own": i})
        tune.report({"value": i})
        if config["a"] == 1:
            time.sleep(0.05)


def decorated() -> Any:
    inner = tw.wandb_mixin(train)

    def outer(config: dict[str, Any]) -> None:
        # The run opens after that.
        ask_soon()
        inner(config)

    return outer


def calling_setup() -> Any:
    def outer(config: dict[str, Any]) -> None:
        ask_soon()
        tw.setup_wandb(config)
        train(config)

    return outer


def inherited() -> Any:
    class Own(tw.WandbTrainableMixin, tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            # The first question is asked when the run opens, before this; the second one late.
            ask_soon()

        def step(self) -> dict[str, Any]:
            a = self.config["a"]
            self.wandb.log({"own": self.iteration})
            if a == 1:
                time.sleep(0.05)
            return {"value": self.iteration, "done": self.iteration == 2 and a != 1}

        def save_checkpoint(self, checkpoint_dir: str) -> None:
            """Tune saves a trial that its result has marked as done."""

        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.config = new_config
            return True

    return Own


@pytest.mark.parametrize("has_logger", [True, False], ids=["logger", "alone"])
@pytest.mark.parametrize("make", [decorated, calling_setup, inherited])
def test_a_stop_on_its_page_ends_one_trial(
    run_search: RunSearch, wire_server: WireServer, make: Any, has_logger: bool
) -> None:
    wire_server.is_stopped = lambda run: run.config.get("a") == 1 and len(run.rows) > 0
    settings = {"project": "p", "host": wire_server.url, "api_key": wire_server.api_key}
    space: dict[str, Any] = {"a": tune.grid_search([1, 2, 3])}
    logger = tw.WandbLogger(**settings) if has_logger else None
    if not has_logger:
        tw.login(settings.pop("api_key"), host=wire_server.url)
        space["wandb"] = settings
    try:
        results = run_search(make(), space, logger=logger)
    finally:
        tw.logout()
    assert results.num_errors == 0, results.errors
    runs = {run.config["a"]: run for run in wire_server.runs.values()}
    assert 0 < len(runs[1].rows) < MANY
    statuses = {a: run.summary["tune/status"] for a, run in runs.items()}
    assert statuses == {1: "stopped in W&B", 2: "completed", 3: "completed"}
    assert [runs[a].rows[-1].get("own", 2) for a in (2, 3)] == [2, 2]
    assert {run.exit_code for run in runs.values()} == {0}
    if logger is not None:
        audit = logger.audit().set_index("run_id")
        assert list(audit["reported"]) == list(audit["logged"])
        assert logger.stopped_in_wandb == (runs[1].run_id,)
        assert audit["note"][runs[1].run_id] == "stopped in W&B"
