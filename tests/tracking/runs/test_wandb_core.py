"""One wandb-core for a node: started apart from its starter, found by others, or one's own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs
from tune_wandb_nb.tracking.runs.wandb_core import CoreSharing, answers, start_core


def core_of(token: str) -> psutil.Process:
    """Find a core by the pid of its starter, which the token and its command line tell."""
    starter = token.split("-")[1]
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if line and line[0].endswith("wandb-core") and starter in line and "--detached" in line:
            return process
    raise LookupError(token)


def test_a_core_is_nobodys_child_and_ends_when_it_is_idle() -> None:
    token = start_core(idle="1s")
    assert token is not None
    assert answers(token)
    core = core_of(token)
    assert core.pid not in {child.pid for child in psutil.Process().children(recursive=True)}
    assert core.wait(timeout=30) is None
    assert not answers(token)


@pytest.mark.parametrize("token", ["", "nonsense", "3-1-tcp-localhost-1", "3-1-unix-/nowhere"])
def test_nobody_answers_where_there_is_nothing(token: str) -> None:
    assert not answers(token)


def test_a_core_that_was_inherited_and_is_gone_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WANDB_SERVICE", "3-1-unix-/nowhere")
    CoreSharing(None).set_service()
    assert "WANDB_SERVICE" not in os.environ


def test_where_ray_kills_what_a_worker_has_started_everyone_has_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_kill_child_processes_on_worker_exit_with_raylet_subreaper", "1")
    monkeypatch.delenv("WANDB_SERVICE", raising=False)
    sharing = CoreSharing(broker=object())
    sharing.start_looking()
    sharing.set_service()
    assert "WANDB_SERVICE" not in os.environ


def test_the_trials_of_a_node_share_one(run_search: RunSearch, tmp_path: Path) -> None:
    @tw.wandb_mixin
    def train(config: dict[str, Any]) -> None:
        wandb.log({"logged": 1})
        tune.report({"core": os.environ["WANDB_SERVICE"], "pid": os.getpid()})

    results = run_search(
        train, {"a": tune.grid_search([1, 2, 3, 4]), "wandb": {"project": "p"}},
        tune_config={"reuse_actors": False},
    )  # fmt: skip
    assert len({result.metrics["core"] for result in results}) == 1
    assert len(offline_runs(tmp_path)) == 4


def test_a_core_that_has_died_is_started_again(run_search: RunSearch, tmp_path: Path) -> None:
    @tw.wandb_mixin
    def train(config: dict[str, Any]) -> None:
        for i in range(2):
            wandb.log({"logged": i})
            tune.report({"core": os.environ["WANDB_SERVICE"]})

    space = {"a": 1, "wandb": {"project": "p"}}
    (result,) = run_search(train, space)
    core_of(result.metrics["core"]).kill()
    deadline = time.monotonic() + 10
    while answers(result.metrics["core"]) and time.monotonic() < deadline:
        time.sleep(0.01)
    (again,) = run_search(train, space, name="again")
    assert again.error is None
    assert again.metrics["core"] != result.metrics["core"]
    assert len(offline_runs(tmp_path)) == 2
    assert ray.is_initialized()
