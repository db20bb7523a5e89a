"""Searches with several objectives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune.search.optuna import OptunaSearch

from tests.trainable_functions import run_config
from tune_wandb_nb import SettingsError
from tune_wandb_nb.tuning.search.search import Search, without_objectives

TWO: dict[str, Any] = {"metric": ["loss", "latency"], "mode": ["min", "min"]}


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": config["x"], "latency": 1.0 - config["x"]})


def test_one_objective_stays_as_it_is() -> None:
    config = tune.TuneConfig(metric="loss", mode="min")
    assert without_objectives(config) is config
    assert without_objectives(None) is None


def test_an_algorithm_without_the_objectives_is_refused_with_what_to_write() -> None:
    config = tune.TuneConfig(**TWO, search_alg=OptunaSearch())
    words = r"OptunaSearch\(metric=\['loss', 'latency'\], mode=\['min', 'min'\]\)"
    with pytest.raises(SettingsError, match=words):
        Search(train, tune_config=config)
    with pytest.raises(SettingsError, match=r"2 metrics .* and 1 mode"):
        Search(train, tune_config=tune.TuneConfig(metric=["a", "b"], mode="min"))  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", [None, "optuna"])
def test_a_search_with_two_objectives_has_a_front(
    tmp_path: Path, ray_session: None, algorithm: str | None
) -> None:
    search_alg = OptunaSearch(**TWO) if algorithm else None
    config = tune.TuneConfig(**TWO, num_samples=4, search_alg=search_alg)
    search = Search(
        train,
        param_space={"x": tune.uniform(0, 1)},
        tune_config=config,
        run_config=run_config(tmp_path),
    )
    search.start()
    search.wait(120)
    snapshot = search.board.snapshot()
    assert [objective.metric for objective in snapshot.objectives] == ["loss", "latency"]
    assert snapshot.front() == {trial.trial_id for trial in snapshot.trials}
    assert config.metric == ["loss", "latency"], "the user's own object is not changed"
