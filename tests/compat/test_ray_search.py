"""What the driver uses of trials, hooks and files of a search, in the Ray that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests.searches import RunSearch
from tune_wandb_nb.compat.ray import EXPERIMENT_STATES, inherit_from, recorded_trials


def train_fn(config: dict[str, Any]) -> None:
    for i in range(2):
        tune.report({"value": i})


READ = (
    *("checkpoint", "config", "error_file", "get_error", "get_trainable_cls", "init_local_path"),
    *("is_finished", "last_result", "local_path", "path", "placement_group_factory", "status"),
    *("stopping_criterion", "storage", "trainable_name", "trial_id"),
)


class Reader(tune.Callback):
    """Notes what a trial and the hooks have of what the logger and the board read."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}
        self.has: dict[str, bool] = {}
        self.trial: Any = None
        self.done: list[bool] = []

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def setup(self, *args: Any, **info: Any) -> None:
        self.info = info

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        self.has = {name: hasattr(trial, name) for name in READ}
        self.done.append(result["done"])
        self.trial = trial


@pytest.fixture(scope="module")
def search(ray_session: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Reader, Path]:
    """What callbacks have seen of a search of one trial, and its folder."""
    reader, folder = Reader(), tmp_path_factory.mktemp("search")
    run_config = tune.RunConfig(
        name="experiment",
        storage_path=str(folder),
        callbacks=[reader],
        stop={"training_iteration": 2},
        verbose=0,
    )
    tune.Tuner(train_fn, param_space={"x": 1}, run_config=run_config).fit()
    return reader, folder / "experiment"


@pytest.mark.parametrize("name", READ)
def test_a_trial_has_what_callbacks_read(search: tuple[Reader, Path], name: str) -> None:
    reader, _ = search
    assert reader.has[name], f"Tune's Trial has no {name}"


def test_what_a_trial_says_of_itself(search: tuple[Reader, Path]) -> None:
    reader, folder = search
    trial = reader.trial
    assert trial.status == "TERMINATED"
    assert trial.stopping_criterion == {"training_iteration": 2}
    assert trial.storage.experiment_dir_name == "experiment"
    assert trial.storage.experiment_fs_path == str(folder)
    assert trial.storage.storage_filesystem.type_name == "local"
    assert Path(trial.path).parent == folder
    assert trial.placement_group_factory.required_resources == {"CPU": 1}
    assert reader.done == [False, True]


def test_what_the_hooks_are_told_of_a_search(search: tuple[Reader, Path]) -> None:
    reader, _ = search
    assert reader.info["total_num_samples"] == 1
    assert "time_budget_s" in reader.info


def test_the_state_of_a_search_is_read(search: tuple[Reader, Path]) -> None:
    reader, folder = search
    (state,) = folder.glob(EXPERIMENT_STATES)
    (trial,) = recorded_trials(state)
    assert trial["trial_id"] == reader.trial.trial_id
    assert trial["status"] == "TERMINATED"
    assert "custom_trial_name" in trial


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"trial_data": [1]}', '{"trial_data": null}'])
def test_a_state_that_is_half_written_raises(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises((ValueError, LookupError, TypeError), match=r"\w"):
        recorded_trials(tmp_path / "state.json")


OVERRIDDEN = ("train", "step", "reset", "reset_config", "stop", "cleanup", "log_result")


def counting_base(calls: Path) -> type:
    """Return a base that overrides what `WandbTrainableMixin` overrides, and notes the calls."""

    class Counting:
        pass

    def counted(name: str) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            with calls.open("a") as file:
                print(name, file=file)
            return getattr(super(Counting, self), name)(*args, **kwargs)

        return method

    for name in OVERRIDDEN:
        setattr(Counting, name, counted(name))
    return Counting


def test_tune_calls_what_a_mixin_overrides(run_search: RunSearch, tmp_path: Path) -> None:
    def function(config: dict[str, Any]) -> None:
        for i in range(2):
            tune.report({"value": i})

    inherit_from(function, counting_base(tmp_path / "calls"))
    run_search(function, {"x": tune.grid_search([1, 2])}, stop={"training_iteration": 1})
    called = set((tmp_path / "calls").read_text().split())
    assert set(OVERRIDDEN) - called == set()
