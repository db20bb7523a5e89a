"""The base class: its run is open before the trial's code, and ends with the trial.

How Tune calls it, and functions with it, is for test_mixin.
"""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import wandb
from ray import tune

import tune_wandb_nb as tw
from tests.wire import OfflineRun, find_wandb_files, read_ended_wandb_file
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.worker import trainable as module
from tune_wandb_nb.tracking.worker.trainable import (
    BrokerStarter,
    ending_of_error,
    ending_without_error,
    tracker,
    trainable_with_mixin,
)


@pytest.fixture(autouse=True)
def _own_tracker(monkeypatch: pytest.MonkeyPatch, wandb_home: Path) -> Iterator[None]:
    monkeypatch.setattr(module, "_tracker", None)
    # The broker of an earlier test's search would send that search's folder.
    monkeypatch.setattr("tune_wandb_nb.tracking.worker.broker_link.request_broker", lambda: None)
    yield
    tracker().end(Ending("finished"))


def test_the_base_class_needs_a_trainable() -> None:
    with pytest.raises(tw.SettingsError, match=r"must have tune.Trainable after it"):

        class Alone(tw.WandbTrainableMixin):
            pass

    with pytest.raises(tw.SettingsError, match=r"class Late\(WandbTrainableMixin, tune.Trainable"):

        class Late(tune.Trainable, tw.WandbTrainableMixin):
            pass


class Training(tw.WandbTrainableMixin, tune.Trainable):
    def setup(self, config: dict[str, Any]) -> None:
        self.at_setup = self.wandb

    def step(self) -> dict[str, Any]:
        if self.iteration == self.config.get("fails_at"):
            raise ValueError("no such value")
        self.wandb.log({"logged": self.iteration})
        return {"done": self.iteration == 1}

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        return True


def config(**values: Any) -> dict[str, Any]:
    return {"wandb": {"project": "p", "mode": "offline"}, **values}


def recorded(folder: Path) -> list[OfflineRun]:
    return sorted(map(read_ended_wandb_file, find_wandb_files(folder)), key=lambda r: r.config["a"])


def test_the_run_is_open_from_setup_to_stop(tmp_path: Path) -> None:
    trial = Training(config(a=1))
    assert trial.at_setup is trial.wandb is wandb.run
    for _ in range(2):
        trial.train()
    trial.stop()
    assert wandb.run is None
    (run,) = recorded(tmp_path)
    assert [row["logged"] for row in run.rows] == [0, 1]
    assert (run.exit_code, run.config["a"]) == (0, 1)
    assert run.summary["tune/status"] == "completed"


def test_a_trial_that_is_stopped_early_is_called_so(tmp_path: Path) -> None:
    trial = Training(config(a=1))
    trial.train()
    trial.stop()
    (run,) = recorded(tmp_path)
    assert (run.exit_code, run.summary["tune/status"]) == (0, "stopped")


def test_a_step_that_raises_ends_the_run_with_its_error(tmp_path: Path) -> None:
    trial = Training(config(a=1, fails_at=1))
    trial.train()
    with pytest.raises(ValueError, match="no such value"):
        trial.train()
    (run,) = recorded(tmp_path)
    assert run.exit_code == 1
    assert run.summary["tune/error"] == "ValueError: no such value"
    trial.stop()


def test_a_class_that_is_reset_is_the_next_trials_run(tmp_path: Path) -> None:
    trial = Training(config(a=1))
    trial.train()
    first = trial.wandb
    # An older Ray has a logger in each trial, and closes it.
    asks = "logger_creator" in inspect.signature(tune.Trainable.reset).parameters
    given = (
        {"logger_creator": lambda config: import_module("ray.tune.logger").NoopLogger(config, "")}
        if asks
        else {}
    )
    trial.reset(config(a=2), storage=None, **given)
    assert trial.wandb is not first
    trial.train()
    trial.stop()
    assert [run.config["a"] for run in recorded(tmp_path)] == [1, 2]


def test_a_process_that_trained_nothing_leaves_no_run(tmp_path: Path) -> None:
    Training(config(a=1)).stop()
    assert find_wandb_files(tmp_path) == []


class WithOwnRequest(tw.WandbTrainableMixin, tune.Trainable):
    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> Any:
        return ("own", cls.__name__, config["a"])


class WithStaticRequest(tw.WandbTrainableMixin, tune.Trainable):
    @staticmethod
    def default_resource_request(config: dict[str, Any]) -> Any:
        return ("static", config["a"])


def test_settings_are_checked_where_tune_asks_for_resources(tmp_path: Path) -> None:
    assert Training.default_resource_request(config()) is None
    assert WithOwnRequest.default_resource_request(config(a=1)) == ("own", "WithOwnRequest", 1)
    assert WithStaticRequest.default_resource_request(config(a=1)) == ("static", 1)
    for trainable in (Training, WithOwnRequest, WithStaticRequest):
        with pytest.raises(tw.SettingsError, match="no W&B project was given"):
            trainable.default_resource_request({"a": 1})


def test_the_broker_is_offered_the_key_when_a_trainable_is_pickled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offers: list[tuple[Any, ...]] = []

    def offer(*args: Any) -> None:
        offers.append(args)
        raise tw.SettingsError("reported where the config is checked")

    monkeypatch.setattr(broker_client, "offer", offer)
    assert isinstance(pickle.loads(pickle.dumps(BrokerStarter())), BrokerStarter)
    assert offers == [()]


def test_outside_of_tune_there_is_no_trainable() -> None:
    assert trainable_with_mixin() is None


def test_endings_say_what_has_happened() -> None:
    assert ending_of_error(ValueError("x" * 5000)).summary["tune/error"] == "x" * 2000
    assert ending_without_error() == Ending("finished", 0, {"tune/status": "stopped"})
    tracker().completed = True
    assert ending_without_error() == Ending("finished", 0, {"tune/status": "completed"})
