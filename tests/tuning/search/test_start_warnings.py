"""Mistakes that are named before a search starts."""

from __future__ import annotations

from typing import Any

import pytest
from ray import tune

from tune_wandb_nb.tuning.search.start_warnings import start_warnings

SPACE: dict[str, Any] = {"lr": tune.loguniform(1e-4, 1e-1), "optimizer": {"momentum": 0.9}}


def train(config: dict[str, Any]) -> None:
    score = config["lr"] * config["optimizer"]["momentum"] * config.get("decay", 1.0)
    tune.report({"accuracy": score, "loss": 1 - score})


def test_a_search_that_fits_has_no_warning() -> None:
    assert start_warnings(train, SPACE, ["accuracy"]) == []
    assert start_warnings(train, SPACE, ["loss", "accuracy"]) == []
    assert start_warnings(train, SPACE | {"wandb": {"project": "p"}}, []) == []


def test_a_name_that_the_function_reads_and_the_space_lacks() -> None:
    space = {"learning_rate": SPACE["lr"], "optimiser": {"momentum": 0.9}}
    assert start_warnings(train, space, []) == [
        (
            "the training function reads 'lr', which param_space does not have: a trial that"
            " gets there ends with a KeyError."
        ),
        (
            "the training function reads 'optimizer/momentum', which param_space does not have"
            " (there is 'optimiser'): a trial that gets there ends with a KeyError."
        ),
    ]


@pytest.mark.parametrize("text", ["loguniform(1e-4, 1e-1)", "tune.choice([1, 2])"])
def test_a_distribution_that_is_a_text(text: str) -> None:
    (warning,) = start_warnings(train, SPACE | {"lr": text}, [])
    written = text.removeprefix("tune.")
    assert warning == (
        f"param_space['lr'] is the text {text!r}, which every trial would get as it is; without the"
        f" quotation marks, tune.{written} draws values."
    )


@pytest.mark.parametrize("text", ["adam", "relu(x)", "", "a choice (of mine)"])
def test_other_texts_are_values(text: str) -> None:
    assert start_warnings(train, SPACE | {"activation": text}, []) == []


def test_a_metric_that_the_function_does_not_report() -> None:
    assert start_warnings(train, SPACE, ["acuracy"]) == [
        (
            "the metric is 'acuracy', but the training function's source reports 'accuracy', 'loss'"
            " (there is 'accuracy')."
        )
    ]


@pytest.mark.parametrize(
    "metric", ["training_iteration", "time_total_s", "iterations_since_restore"]
)
def test_metrics_that_tune_adds_need_no_report(metric: str) -> None:
    assert start_warnings(train, SPACE, [metric]) == []


def test_a_function_without_source_has_no_warnings() -> None:
    code: dict[str, Any] = {}
    exec("def hidden(config): return {'loss': config['lr']}", code)
    assert start_warnings(code["hidden"], {}, ["accuracy"]) == []
