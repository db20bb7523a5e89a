"""Tune's loop, from a callback that it sets up."""

from __future__ import annotations

from typing import Any

from ray import tune
from ray.tune.execution.tune_controller import TuneController
from ray.tune.result import DEFAULT_METRIC
from ray.tune.schedulers import ASHAScheduler, PopulationBasedTraining

from tests.searches import RunSearch
from tune_wandb_nb.compat import ray_search
from tune_wandb_nb.compat.ray_search import TuneSearch, calling_search


class Finds(tune.Callback):
    """Keeps what it finds of the search, in the process that runs it."""

    found: TuneSearch | None = None

    def setup(self, *_: Any, **__: Any) -> None:
        self.found = calling_search()

    def __reduce__(self) -> Any:
        return (Finds, ())


def report(config: dict[str, Any]) -> None:
    tune.report({"loss": config["a"]})


def test_what_is_searched(run_search: RunSearch) -> None:
    finds = Finds()
    space = {"a": tune.grid_search([1, 2]), "b": tune.uniform(0, 1)}
    tune_config = {"metric": "loss", "mode": "max"}
    run_search(report, space, callbacks=[finds], tune_config=tune_config, name="mine")
    found = finds.found
    assert found is not None
    assert (found.name, found.metric, found.mode) == ("mine", "loss", "max")
    assert found.param_space["a"] == {"grid_search": [1, 2]}
    assert isinstance(found.param_space["b"], tune.search.sample.Float)


def test_a_search_without_a_metric(run_search: RunSearch) -> None:
    finds = Finds()
    run_search(report, {"a": 1}, callbacks=[finds])
    assert finds.found is not None
    assert finds.found.metric is None
    assert DEFAULT_METRIC == ray_search._NO_METRIC


def test_outside_of_a_search_there_is_none() -> None:
    assert calling_search() is None


def test_tunes_loop_has_the_methods_that_are_held_or_called() -> None:
    for name in (*ray_search._STARTS, "stop_trial", "request_stop_experiment", "get_trials"):
        assert callable(getattr(TuneController, name))
    assert isinstance(TuneController.search_alg, property)


def test_whether_tune_has_left_a_search(run_search: RunSearch) -> None:
    seen: list[bool] = []

    class Looks(Finds):
        def on_experiment_end(self, *_: Any, **__: Any) -> None:
            assert self.found is not None
            seen.append(self.found.has_left)

    looks = Looks()
    run_search(report, {"a": 1}, callbacks=[looks])
    assert looks.found is not None
    assert (seen, looks.found.has_left) == ([False], True)


def test_whether_the_scheduler_changes_hyperparameters(run_search: RunSearch) -> None:
    pbt = PopulationBasedTraining(
        metric="loss", mode="min", hyperparam_mutations={"a": tune.uniform(0, 1)}
    )
    for scheduler, changes in ((pbt, True), (ASHAScheduler(metric="loss", mode="min"), False)):
        finds = Finds()
        run_search(report, {"a": 1}, callbacks=[finds], tune_config={"scheduler": scheduler})
        assert finds.found is not None
        assert finds.found.changes_config is changes
