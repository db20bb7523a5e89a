"""What a class adds to its config in ``setup`` is in its run's config."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.searches import RunSearch, offline_runs
from tune_wandb_nb.tracking.results.setup_config import add_plain


class Training(tune.Trainable):
    """As people write it: it adds defaults to its copy of the config."""

    def setup(self, config: dict[str, Any]) -> None:
        self.in_setup = config
        config.update({"fixed": 7, "model": {"depth": 3}, "secret": 1, "lock": threading.Lock()})

    def step(self) -> dict[str, Any]:
        return {"x": self.config["x"], "done": True}

    def save_checkpoint(self, folder: str) -> dict[str, Any]:
        return {}

    def load_checkpoint(self, state: Any) -> None:
        pass


class Reused(Training):
    def reset_config(self, new_config: dict[str, Any]) -> bool:
        new_config["reset"] = new_config["x"]
        return True


class Decorated(tw.WandbTrainableMixin, Training):
    pass


@pytest.mark.parametrize("trainable", [Training, Reused, Decorated])
def test_what_setup_adds_is_in_the_runs_config(
    run_search: RunSearch, tmp_path: Path, trainable: type
) -> None:
    logger = tw.WandbLogger(project="p", mode="offline", excludes=["secret"])
    # Tune hangs where it reuses the actor of a class without reset_config.
    reuse = {"reuse_actors": trainable is Reused}
    space = {"x": tune.grid_search([1, 2])}
    results = run_search(trainable, space, logger=logger, tune_config=reuse)
    assert not results.errors
    runs = offline_runs(tmp_path)
    assert sorted(run.config["x"] for run in runs.values()) == [1, 2]
    for run in runs.values():
        assert run.config["fixed"] == 7
        assert run.config["model"] == {"depth": 3}
        assert not {"secret", "lock"} & set(run.config)
    resets = [run.config["reset"] for run in runs.values() if "reset" in run.config]
    assert resets == ([2] if trainable is Reused else [])


def test_the_mixin_alone_has_it_too(run_search: RunSearch, tmp_path: Path) -> None:
    run_search(Decorated, {"x": 1, "wandb": {"project": "p", "mode": "offline"}})
    (run,) = offline_runs(tmp_path).values()
    assert run.config["fixed"] == 7


@pytest.mark.parametrize(
    "value",
    [object(), {"a": object()}, [1, {2, 3}], {(1, 2): 3}, list(range(1001)), [[0] * 600] * 2],
)
def test_what_is_large_or_no_plain_value_is_not_added(value: Any) -> None:
    config = {"x": 1}
    assert add_plain(config, {"value": value}) == {}
    assert config == {"x": 1}


def test_what_contains_itself_is_not_added() -> None:
    value: list[Any] = []
    value.append(value)
    config: dict[str, Any] = {}
    assert add_plain(config, {"value": value}) == {}


def test_what_is_there_stays() -> None:
    config = {"x": 1}
    assert add_plain(config, {"x": 2, "new": (1, None, "a")}) == {"new": (1, None, "a")}
    assert config == {"x": 1, "new": (1, None, "a")}
