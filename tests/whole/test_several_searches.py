"""Several searches at once in one kernel: each trial belongs to its own search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.wire import OfflineRun, find_wandb_files, read_ended_wandb_file

ROWS = 3
SOON = 120


@ray.remote(num_cpus=0)
class Gate:
    """Lets trials go on once those of both searches have come."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._arrived: set[str] = set()

    def arrive(self, experiment: str) -> bool:
        self._arrived.add(experiment)
        return len(self._arrived) >= self._expected


def wait_for_the_other(config: dict[str, Any]) -> None:
    # Ray has no event that two trials of two searches could wait for.
    while not ray.get(config["gate"].arrive.remote(config["search"])):
        pass


@tw.wandb_mixin
def decorated(config: dict[str, Any]) -> None:
    wait_for_the_other(config)
    for i in range(ROWS):
        wandb.log({"inner": i})
        tune.report({"loss": config["a"] + i})


@tw.wandb_mixin
class Decorated(tune.Trainable):
    def setup(self, config: dict[str, Any]) -> None:
        wait_for_the_other(config)

    def step(self) -> dict[str, Any]:
        self.wandb.log({"inner": self.iteration})  # type: ignore[attr-defined]
        return {"loss": 1.0, "done": self.iteration + 1 == ROWS}


def plain(config: dict[str, Any]) -> None:
    wait_for_the_other(config)
    for i in range(ROWS):
        tune.report({"loss": config["a"] + i})


def search(trainable: Any, number: int, folder: Path, gate: Any, **wandb_: Any) -> tw.Experiment:
    return tw.Experiment(
        trainable,
        param_space={
            "a": tune.grid_search([number * 10, number * 10 + 1]),
            "gate": gate,
            "search": number,
        },
        tune_config=tune.TuneConfig(max_concurrent_trials=1),
        run_config=tune.RunConfig(
            name=f"search{number}", storage_path=str(folder / "ray"), verbose=0
        ),
        wandb={"mode": "offline", "dir": str(folder), **wandb_},
    )


def run_at_once(searches: list[tw.Experiment]) -> None:
    for each in searches:
        each.start(show=False)
    for each in searches:
        each.wait(timeout=SOON)


def runs_of(folder: Path, group: str) -> list[OfflineRun]:
    runs = map(read_ended_wandb_file, find_wandb_files(folder))
    return [run for run in runs if run.group == group]


@pytest.mark.parametrize("trainable", [decorated, Decorated, plain])
def test_two_searches_at_once_keep_their_settings_apart(
    ray_session: None, wandb_home: Path, trainable: Any
) -> None:
    gate = Gate.remote(2)
    given: list[dict[str, Any]] = [
        {"project": "p0", "tags": ["t0"]},
        {"project": "p1", "tags": ["t1"], "excludes": ["time_*"]},
    ]
    searches = [search(trainable, n, wandb_home, gate, **given[n]) for n in (0, 1)]
    run_at_once(searches)
    for number in (0, 1):
        runs = runs_of(wandb_home, f"search{number}")
        assert [run.project for run in runs] == [f"p{number}"] * 2
        assert [run.tags for run in runs] == [(f"t{number}",)] * 2
        for run in runs:
            has_time = any(key.startswith("time_") for row in run.rows for key in row)
            assert has_time is (number == 0)
            assert sum("loss" in row for row in run.rows) == ROWS
        audit = searches[number].logger.audit()
        assert list(audit["logged"]) == list(audit["reported"]) == [ROWS, ROWS]
        assert list(audit["dropped"]) == [0, 0]


def test_a_search_that_ends_leaves_the_other_its_logger(
    ray_session: None, wandb_home: Path
) -> None:
    held = Gate.remote(2)
    short = search(decorated, 0, wandb_home, Gate.remote(1), project="p0")
    long = search(decorated, 1, wandb_home, held, project="p1")
    long.start(show=False)
    short.start(show=False)
    short.wait(timeout=SOON)
    # Only now may the trials of the other go on.
    ray.get(held.arrive.remote("short"))
    long.wait(timeout=SOON)
    assert [run.project for run in runs_of(wandb_home, "search1")] == ["p1", "p1"]
    assert list(long.logger.audit()["logged"]) == [ROWS, ROWS]


def test_many_searches_start_in_the_same_moment(ray_session: None, wandb_home: Path) -> None:
    gate = Gate.remote(1)
    searches = [search(plain, n, wandb_home, gate, project=f"p{n}") for n in range(4)]
    run_at_once(searches)
    assert [each.status for each in searches] == ["finished"] * 4
    assert {run.project for n in range(4) for run in runs_of(wandb_home, f"search{n}")} == {
        f"p{n}" for n in range(4)
    }


def test_each_search_has_runs_of_its_own_though_tune_gives_trials_the_same_ids(
    ray_session: None, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where two searches start within 0.4 ms.
    monkeypatch.setenv("_TEST_TUNE_TRIAL_UUID", f"{wandb_home.stat().st_ino:05}"[-5:])
    gate = Gate.remote(2)
    searches = [
        search(plain, n, wandb_home, gate, project=f"p{n}", search_run=True) for n in (0, 1)
    ]
    run_at_once(searches)
    for number in (0, 1):
        runs = runs_of(wandb_home, f"search{number}")
        assert sorted(run.job_type or "" for run in runs) == ["", "", "search"]
        (own,) = (run for run in runs if run.job_type == "search")
        assert own.project == f"p{number}"
        assert [row for row in own.rows if row.get("trials/terminated") == 2]
        assert sum("loss" in row for run in runs for row in run.rows) == 2 * ROWS
