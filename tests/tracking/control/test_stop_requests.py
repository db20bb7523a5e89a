"""A run that is stopped on its W&B page: its trial ends, the others go on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import BasicVariantGenerator

import tune_wandb_nb as tw
from tests.searches import RunSearch
from tests.wire import WireRun, WireServer

MANY = 3000
STATUS = "tune/status"


def report_often(config: dict[str, Any]) -> None:
    for i in range(MANY if config["a"] == 1 else 3):
        tune.report({"value": i})
        if config["a"] == 1:
            time.sleep(0.05)


class OftenReporting(tune.Trainable):
    def step(self) -> dict[str, Any]:
        if self.config["a"] == 1:
            time.sleep(0.05)
        return {"value": self.iteration, "done": self.iteration == 2 and self.config["a"] != 1}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Tune saves a trial that its result has marked as done."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.config = new_config
        return True


class Recording(FIFOScheduler):
    """Notes which trials it was told have ended by a decision, in a file: Tune pickles it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        with self.file.open("a") as file:
            file.write(f"scheduler {trial.config['a']} {result['training_iteration']}\n")


class RecordingSearch(BasicVariantGenerator):
    """The same of the search algorithm."""

    file: Path

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        with self.file.open("a") as file:
            file.write(f"search {trial_id} {result and result['training_iteration']}\n")
        super().on_trial_complete(trial_id, result, error)


def stop_the_first(server: WireServer) -> None:
    server.is_stopped = lambda run: run.config.get("a") == 1 and len(run.rows) > 0


def runs_by_a(server: WireServer) -> dict[int, WireRun]:
    return {run.config["a"]: run for run in server.runs.values()}


# Once as a function and once as a class, both in an actor that the next trials get.
@pytest.mark.usefixtures("quick_stops")
@pytest.mark.parametrize("trainable", [report_often, OftenReporting])
def test_a_stop_on_its_page_ends_one_trial(
    run_search: RunSearch,
    wire_server: WireServer,
    tmp_path: Path,
    capsys: Any,
    trainable: Any,
) -> None:
    stop_the_first(wire_server)
    search = RecordingSearch()
    search.file = tmp_path / "told"
    logger = tw.WandbLogger(project="p", host=wire_server.url, api_key=wire_server.api_key)
    results = run_search(
        trainable,
        {"a": tune.grid_search([1, 2, 3])},
        logger=logger,
        tune_config={"scheduler": Recording(search.file), "search_alg": search},
    )
    assert results.num_errors == 0
    runs = runs_by_a(wire_server)
    stopped = runs[1]
    assert 0 < len(stopped.rows) < MANY
    assert [a for a, run in runs.items() if run.summary[STATUS] == "stopped in W&B"] == [1]
    assert [run.exit_code for run in runs.values()] == [0, 0, 0]
    assert [len(runs[a].rows) for a in (2, 3)] == [3, 3]
    audit = logger.audit().set_index("run_id")
    assert list(audit["reported"]) == list(audit["logged"])
    assert audit["note"][stopped.run_id] == "stopped in W&B"
    assert [audit["note"][runs[a].run_id] for a in (2, 3)] == ["", ""]
    assert logger.stopped_in_wandb == (stopped.run_id,)
    assert capsys.readouterr().out.count("was stopped in W&B, and ends with its next result") == 1
    told = search.file.read_text().splitlines()
    assert f"scheduler 1 {len(stopped.rows)}" in told
    assert f"search {stopped.run_id} {len(stopped.rows)}" in told
