"""What a trainable reads and reports, found through wrappers and other functions."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests import trainables as t
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.inspection.detect import hyperparameters, reported_metrics

READS = [
    (t.plain, "lr momentum epochs"),
    (t.nested, "model/size opt/lr opt/eps model/depth"),
    (t.renamed, "a b c learning_rate"),
    (t.helped, "model/width seed fit/lr fit/batch_size held"),
    (t.inner_functions, "depth picked width"),
    (t.Method, "lr opt/eps momentum helped"),
    (t.Derived, "more lr opt/eps momentum helped"),
    (t.Called(), "called"),
    (t.Called().method, "method"),
    (t.decorated, "lr"),
    (t.decorated_unmarked, "lr"),
    (t.LAMBDA, "lr"),
    (functools.partial(t.with_data, 1), "lr"),
    (functools.partial(functools.partial(t.with_data, data=1), flag=True), "lr"),
    (tune.with_parameters(t.plain, data=1), "lr momentum epochs"),
    (tune.with_parameters(t.Derived, data=1), "more lr opt/eps momentum helped"),
    (tune.with_resources(tune.with_parameters(t.decorated, x=1), {"cpu": 1}), "lr"),
    (tune.with_resources(t.Method, {"cpu": 1}), "lr opt/eps momentum helped"),
    (tune.with_resources(t.Called().method, {"cpu": 1}), "method"),
    (t.odd, "fine"),
    (t.recursive, "a"),
    (t.reports, ""),
]


def names(value: Any) -> str:
    return getattr(value, "__name__", type(value).__name__)


@pytest.mark.parametrize(("trainable", "found"), READS, ids=names)
def test_hyperparameters_are_found(trainable: Any, found: str) -> None:
    assert {h.name for h in hyperparameters(trainable)} == set(found.split())


def test_names_that_no_hyperparameter_can_have_are_left_out() -> None:
    def train(config: Any) -> Any:
        return config["wandb"], config["eval"]

    assert SearchSpace.from_trainable(train) == SearchSpace()


def test_an_expression_too_long_for_python_is_no_end(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text(f"def train(config):\n    return {' | '.join(['config'] * 600)}\n")
    scope: dict[str, Any] = {}
    exec(compile(path.read_text(), path, "exec"), scope)
    assert hyperparameters(scope["train"]) == ()
    assert reported_metrics(scope["train"]) == ()
