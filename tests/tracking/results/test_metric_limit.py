"""The number of metrics: counted over all trials, reported once."""

from __future__ import annotations

from tune_wandb_nb.tracking.results.metric_limit import MetricNames


def test_as_many_as_w_and_b_recommends_are_no_news() -> None:
    said: list[str] = []
    names = MetricNames(said.append)
    names.add([f"m{n}" for n in range(10_000)])
    names.add([f"m{n}" for n in range(10_000)])
    assert said == []
    names.add(["one more"])
    (text,) = said
    assert text == (
        "this search has 10,001 different metrics, and W&B's pages become slow with more than"
        ' 10,000 in a project: leave some out with excludes=["layers/*"], for example.'
    )


def test_too_many_are_reported_once() -> None:
    said: list[str] = []
    names = MetricNames(said.append, limit=2)
    for number in range(5):
        names.add(["loss", f"m{number}"])
    assert len(said) == 1
