"""The driver's view of a run that the trial writes: its reports come through a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from tests.tracking.runs.plans import offline_plan
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.messages import WorkerReport
from tune_wandb_nb.tracking.driver.remote_trials import RemoteTrial
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.trial_end import Ending

FAILED, FINISHED = Ending("failed", 1), Ending("finished")


@pytest.fixture
def broker(ray_session: None) -> Iterator[Any]:
    """The broker of a search that is attached."""
    broker_client.attach("s", {"project": "p"}, Notices())
    yield broker_client.broker
    broker_client.detach("s")


def opened(folder: Path, **counts: int) -> RemoteTrial:
    remote = RemoteTrial("t", "train_t", offline_plan(folder, "t"))
    remote.open()
    for name, value in counts.items():
        setattr(remote.stats, name, value)
    return remote


def test_its_end_is_that_of_the_trials_last_report(broker: Any, tmp_path: Path) -> None:
    report = WorkerReport("finished", "t", "offline", logged=3, path="p", reasons={"odd": 1})
    ray.get(broker.report.remote("t", report))
    remote = opened(tmp_path, reported=3)
    remote.end(FINISHED)
    assert (remote.stats.state, remote.stats.logged, remote.stats.path) == ("finished", 3, "p")
    assert (remote.stats.lost, remote.stats.reasons) == (0, {"odd": 1})


def test_rows_that_nobody_reported_are_lost(broker: Any, tmp_path: Path) -> None:
    ray.get(broker.report.remote("t", WorkerReport("failed", "t", logged=1)))
    remote = opened(tmp_path, reported=5)
    remote.end(FAILED)
    assert (remote.stats.logged, remote.stats.dropped, remote.stats.lost) == (1, 4, 4)
    said = "4 rows dropped: the trial's process did not tell that it had logged them"
    assert remote.stats.explain() == said


def test_a_trial_that_never_opened_a_run_does_not_hold_up_the_end(
    broker: Any, tmp_path: Path
) -> None:
    remote = opened(tmp_path)
    remote.end(FINISHED)
    assert (remote.stats.state, remote.stats.dropped) == ("finished", 0)
