"""The metrics that a trainable reports."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from ray import tune

from tests import trainables as t
from tune_wandb_nb.search_space.inspection.detect import reported_metrics

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


@pytest.mark.parametrize(("trainable", "found"), REPORTS, ids=names)
def test_metrics_are_found_in_order(trainable: Any, found: str) -> None:
    assert list(reported_metrics(trainable)) == found.split()
