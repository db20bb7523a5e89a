"""A plan as Tune's objects."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from tests.forms import plan
from tests.trainable_functions import quick
from tune_wandb_nb.tuning.plan.tune_plan import run_config, trainable_with_resources, tune_config


def test_resources_leave_the_function_as_it_is() -> None:
    # A function of its own: code that other tests run gives resources to theirs.
    def train(config: dict[str, Any]) -> None:
        quick(config)

    made = trainable_with_resources(plan(cpus="2", gpus="0.5"), train)
    assert made is not train
    assert not hasattr(train, "_resources")
    assert made.__name__ == "train"
    assert made._resources.required_resources == {"CPU": 2.0, "GPU": 0.5}
    assert trainable_with_resources(plan(), train) is train


def test_a_plan_of_defaults_leaves_everything_to_tune() -> None:
    config = tune_config(plan())
    assert (config.metric, config.mode, config.num_samples) == ("accuracy", "max", 10)
    assert (config.scheduler, config.search_alg) == (None, None)
    assert (config.max_concurrent_trials, config.time_budget_s) == (None, None)
    assert run_config(plan()).stop is None


def test_draws_with_a_seed_count_their_own_trials() -> None:
    # Tune ignores max_concurrent_trials for a generator that it did not make itself.
    config = tune_config(plan(concurrency="2", **{"random.random_state": "7"}))
    assert config.max_concurrent_trials is None
    assert config.search_alg.max_concurrent == 2
    assert tune_config(plan(concurrency="2")).max_concurrent_trials == 2


def test_population_based_training_gets_the_drawn_part_of_the_space() -> None:
    scheduler = tune_config(plan(scheduler="pbt")).scheduler
    assert list(scheduler._hyperparam_mutations) == ["lr"]
    median = tune_config(plan(scheduler="median")).scheduler
    assert median._min_time_slice == math.inf


def test_the_storage_path_is_absolute(tmp_path: Path) -> None:
    config = run_config(plan(storage="results", name="first", iterations="5"))
    assert (config.storage_path, config.name) == (str(Path.cwd() / "results"), "first")
    assert config.stop == {"training_iteration": 5}
