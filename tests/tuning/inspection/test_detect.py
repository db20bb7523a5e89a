"""What a trainable reads and reports, found in its source."""

import functools
import types
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests import trainables as t
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.tuning.inspection.detect import hyperparameters, reported_metrics

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

REPORTS = [
    (t.plain, "loss val/loss"),
    (t.nested, "score"),
    (t.helped, "loss accuracy f1 time helper"),
    (t.reports, "a b c d e"),
    (t.inner_functions, "score"),
    (t.Method, "score"),
    (t.Derived, "score"),
    (t.Called(), "score"),
    (t.LAMBDA, "score"),
    (functools.partial(t.with_data, 1), "score"),
    (tune.with_parameters(t.plain, data=1), "loss val/loss"),
    (tune.with_resources(t.Derived, {"cpu": 1}), "score"),
    (t.decorated, "score"),
    (t.decorated_unmarked, "score"),
    (t.odd, ""),
]


def names(value: Any) -> str:
    return getattr(value, "__name__", type(value).__name__)


@pytest.mark.parametrize(("trainable", "found"), READS, ids=names)
def test_hyperparameters_are_found(trainable: Any, found: str) -> None:
    assert {h.name for h in hyperparameters(trainable)} == set(found.split())


@pytest.mark.parametrize(("trainable", "found"), REPORTS, ids=names)
def test_metrics_are_found_in_order(trainable: Any, found: str) -> None:
    assert list(reported_metrics(trainable)) == found.split()


def test_they_come_in_the_order_of_the_source() -> None:
    assert [h.name for h in hyperparameters(t.plain)] == ["lr", "momentum", "epochs"]


def test_plain_defaults_are_found() -> None:
    found = {h.name: h.default for h in hyperparameters(t.defaults) if h.has_default}
    assert found == {
        "none": None,
        "list": [1, (2,)],
        "dict/a": 1,
        "dict/b/c": 2,
        "negative": -0.001,
        "twice": 5,
        "constant": "learning_rate",
    }
    without = {h.name for h in hyperparameters(t.defaults) if not h.has_default}
    assert without == {"computed", "set", "array"}
    spread = {h.name: h.default for h in hyperparameters(t.helped) if h.has_default}
    assert spread == {"fit/batch_size": 32}


def typed() -> Any:
    """A function without a source, as at a plain prompt."""
    scope: dict[str, Any] = {}
    exec("def train(config):\n    return {'loss': config['lr']}", scope)
    return scope["train"]


WITHOUT_SOURCE = {
    "typed": typed(),
    "built-in": len,
    "None": None,
    "number": 5,
    "registered": "PPO",
    "object": object(),
    "built-in class": int,
    "class": type("Empty", (), {}),
    "module": types,
    "lambda": lambda: 0,
}


@pytest.mark.parametrize("trainable", WITHOUT_SOURCE.values(), ids=WITHOUT_SOURCE)
def test_without_a_source_there_is_nothing(trainable: Any) -> None:
    assert hyperparameters(trainable) == ()
    assert reported_metrics(trainable) == ()
    assert SearchSpace.from_trainable(trainable) == SearchSpace()


def test_a_decorator_that_wraps_itself_is_no_end() -> None:
    def train(config: Any) -> Any:
        return config["lr"]

    train.__wrapped__ = train  # type: ignore[attr-defined]
    assert hyperparameters(train) == ()


def test_a_space_is_suggested() -> None:
    space = SearchSpace.from_trainable(t.helped)
    assert list(space) == ["model/width", "seed", "fit/lr", "fit/batch_size", "held"]


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
