"""The driver's side of trials that write their own runs: claims and reports by a real broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import tune
from ray.tune.trainable import wrap_function

import tune_wandb_nb as tw
from tests.tracking.runs.plans import offline_plan
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.broker.handle import request_broker
from tune_wandb_nb.tracking.broker.messages import WorkerReport
from tune_wandb_nb.tracking.driver.remote_trials import RemoteTrial, RemoteTrials
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.trial_end import Ending


class Search:
    """One search's trials, and what they asked for."""

    def __init__(self) -> None:
        self.notices = Notices()
        self.claimed: list[str] = []
        self.remote = RemoteTrials("s", {"project": "p"}, self.notices, self.claimed.append)

    def poll_until(self, is_so: Callable[[], object]) -> None:
        # It never waits for the broker: the answer is taken over by a later call.
        while not is_so():
            self.remote.poll(lambda: "/e")


@pytest.fixture
def search(ray_session: None) -> Iterator[Search]:
    assert tw.wandb_mixin, "loads the mixin, after which the search is attached at its start"
    made = Search()
    made.remote.start()
    yield made
    made.remote.stop()


def plain(config: dict[str, Any]) -> None:
    tune.report({"loss": 1.0})


class Plain(tune.Trainable):
    def step(self) -> dict[str, Any]:
        return {"done": True}


def setup_wandb(config: dict[str, Any]) -> None:
    """A function of the user's that happens to have this name."""


def calls_a_function_of_that_name(config: dict[str, Any]) -> None:
    setup_wandb(config)
    tw.setup_wandb(config)


@pytest.mark.parametrize(
    ("trainable", "inherits"),
    [
        (wrap_function(tw.wandb_mixin(plain)), True),
        (tw.wandb_mixin(Plain), True),
        (Plain, False),
        (wrap_function(plain), False),
        (wrap_function(calls_a_function_of_that_name), False),
    ],
)
def test_only_the_base_class_decides(search: Search, trainable: type, inherits: bool) -> None:
    looked_up = []

    def find() -> type:
        looked_up.append(trainable)
        return trainable

    assert [search.remote.inherits_mixin("name", find) for _ in range(2)] == [inherits] * 2
    assert looked_up == [trainable], "Tune would unpickle the class each time"


def test_reports_and_notices_are_taken_over_until_the_trial_ends(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stats = RemoteTrial("t", "train_t", offline_plan(tmp_path, "t")).stats
    search.remote.add(stats)
    search.remote.poll(lambda: "/e")
    broker = broker_client.broker
    ray.get(broker.report.remote("t", WorkerReport("running", "t", logged=2), None, "s"))
    ray.get(broker.notify.remote("a notice", "t"))
    search.poll_until(lambda: stats.logged)
    assert stats.logged == 2
    search.notices.flush()
    assert "a notice" in capsys.readouterr().out
    search.remote.end("t", Ending("finished", summary={"tune/status": "completed"}))
    ending: dict[str, Any] = {}
    search.poll_until(lambda: ending.update(ray.get(broker.take_ending.remote("t"))) or ending)
    assert ending == {"tune/status": "completed"}
    ray.get(broker.report.remote("t", WorkerReport("running", "t", logged=9), None, "s"))
    ray.get(broker.notify.remote("another", "t"))

    def has_come() -> bool:
        search.notices.flush()
        return "another" in capsys.readouterr().out

    search.poll_until(has_come)
    assert stats.logged == 2, "a trial that has ended is not taken over any more"


def test_at_the_end_nothing_that_was_reported_is_left(
    search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    search.remote.poll(lambda: "/e")
    broker = broker_client.broker
    ray.get(broker.report.remote("t", WorkerReport("running", "t"), None, "s"))
    ray.get(broker.notify.remote("the last notice", "t"))
    search.remote.poll_last()
    search.notices.flush()
    assert "the last notice" in capsys.readouterr().out


def test_a_claim_is_passed_on_until_it_is_released(search: Search) -> None:
    search.remote.poll(lambda: "/e")
    claim = broker_client.broker.claim.remote("t", "s")
    search.poll_until(lambda: search.claimed)
    search.remote.release("t", WorkerReport("running", logged=2), {"step": 2})
    assert ray.get(claim, timeout=30) == {"step": 2}
    assert set(search.claimed) == {"t"}


def test_a_process_without_a_broker_has_a_logger_start_one(
    ray_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.driver.remote_trials._MIXIN", "not loaded")
    monkeypatch.setattr("tune_wandb_nb.tracking.broker.handle._name", lambda: "test.broker")
    # Restored afterwards, or the tests that follow would talk to the broker of this one.
    fresh = {"_broker": None, "_sent_keys": {}, "_sent_common": {}, "_last_message": None}
    for name, value in {"_job": None, **fresh}.items():
        monkeypatch.setattr(broker_client, name, value)
    search = Search()
    search.remote.start()
    assert not search.remote.is_attached
    asking = ray.remote(num_cpus=0)(_requests_broker).remote()
    search.poll_until(lambda: search.remote.is_attached)
    assert ray.get(asking, timeout=60)
    search.remote.stop()


def test_without_any_logger_nobody_waits_for_a_broker(
    ray_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune_wandb_nb.tracking.broker.handle._name", lambda: "test.none")
    assert request_broker() is None


def _requests_broker() -> bool:
    from tune_wandb_nb.tracking.broker import handle

    handle._name = lambda: "test.broker"  # type: ignore[assignment]
    return handle.request_broker() is not None
