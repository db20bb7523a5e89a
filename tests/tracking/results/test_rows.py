"""The rows of a trial: what did not change is not said again, what is left out is counted."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tune_wandb_nb.tracking.results.payload import Excludes
from tune_wandb_nb.tracking.results.rows import (
    Row,
    RowRules,
    TrialRows,
    hyperparameters,
    with_timestamp,
)

PLACE = {"trial_id": "t", "pid": 1, "hostname": "h", "node_ip": "1.2.3.4", "date": "d1"}


def trial(
    config: dict[str, Any] | None = None,
    *excludes: str,
    log_config: bool = False,
    best: dict[str, str] | None = None,
) -> TrialRows:
    rules = RowRules.of(excludes, log_config=log_config, best=best or {})
    return TrialRows(rules, config or {})


def test_a_result_becomes_a_row_with_its_step() -> None:
    rows = trial()
    result = {"loss": {"train": 0.5}, "training_iteration": 3, "pid": 7, "phase": "a", "x": None}
    assert rows.row(result) == Row(
        metrics={"loss/train": 0.5, "training_iteration": 3},
        config={"pid": 7},
        summary={"phase": "a"},
        step=3,
    )


@pytest.mark.parametrize("iteration", [None, "3", 2.5], ids=["None", "text", "half"])
def test_an_iteration_that_is_no_whole_number_is_no_step(iteration: object) -> None:
    assert trial().row({"loss": 1, "training_iteration": iteration}).step is None
    assert trial().row({"loss": 1}).step is None


def test_an_excluded_iteration_is_still_the_step() -> None:
    row = trial({}, "training_iteration").row({"loss": 1, "training_iteration": 3})
    assert (row.metrics, row.step) == ({"loss": 1}, 3)


def test_automatic_keys_are_said_once_and_again_when_the_trial_moves() -> None:
    rows = trial()
    assert rows.row(PLACE).config == PLACE
    assert rows.row(PLACE | {"date": "d2"}).config == {}
    assert rows.row(PLACE | {"date": "d2", "experiment_id": "e"}).config == {"experiment_id": "e"}
    moved = PLACE | {"date": "d3", "pid": 2}
    assert rows.row(moved).config == moved
    assert rows.row(moved | {"date": "d4"}).config == {}
    assert rows.row({"loss": 1}).config == {}


def test_a_text_is_in_the_summary_when_it_changes() -> None:
    rows = trial()
    assert rows.row({"phase": "a", "kind": "k"}).summary == {"phase": "a", "kind": "k"}
    assert rows.row({"phase": "a", "kind": "k"}).summary == {}
    assert rows.row({"phase": "b", "kind": "k"}).summary == {"phase": "b"}
    assert rows.row({}).summary == {}
    assert rows.row({"phase": "a"}).summary == {"phase": "a"}


def test_what_is_left_out_is_counted_and_told_once() -> None:
    told: list[tuple[str, str]] = []
    rules = RowRules.of((), log_config=False, best={})
    rows = TrialRows(rules, {}, on_drop=lambda *drop: told.append(drop))
    for value in ([1], [1], None):
        rows.row({"x": value, "y": b"", "z": 1})
    x_list, x_none, y = ("x", "list"), ("x", "NoneType"), ("y", "bytes")
    assert rows.dropped == Counter({x_list: 2, x_none: 1, y: 3})
    assert sorted(told) == sorted([x_list, x_none, y])
    rows.row({"x": [1], "y": b""})
    assert (len(told), rows.dropped[x_list]) == (3, 3)


def test_trials_of_the_same_rules_keep_apart() -> None:
    rules = RowRules.of((), log_config=False, best={"acc": "max"})
    one, two = TrialRows(rules, {}), TrialRows(rules, {})
    result = PLACE | {"phase": "a", "acc": 0.5, "x": None, "training_iteration": 1}
    assert one.row(result) == two.row(result)
    assert one.dropped == two.dropped == {("x", "NoneType"): 1}


def test_the_best_value_is_in_the_summary_with_its_iteration() -> None:
    rows = trial(best={"eval/acc": "max"})
    series = [0.5, math.nan, 0.4, 0.75]
    told = [
        rows.row({"eval": {"acc": acc}, "training_iteration": i}).summary
        for i, acc in enumerate(series, start=1)
    ]
    first = {"best/eval/acc": 0.5, "best/eval/acc_iteration": 1}
    last = {"best/eval/acc": 0.75, "best/eval/acc_iteration": 4}
    assert told == [first, {}, {}, last]


# Hyperparameters


@pytest.mark.parametrize(
    ("config", "excludes", "kept"),
    [
        pytest.param({"lr": 1, "net": {"n": 2}}, (), {"lr": 1, "net": {"n": 2}}, id="all"),
        pytest.param({"lr": 1, "wandb": {"project": "p"}}, (), {"lr": 1}, id="the-entry"),
        pytest.param({"lr": 1, "callbacks": object}, (), {"lr": 1}, id="callbacks"),
        pytest.param(
            {"logger_config": {"wandb": {"project": "p"}}, "lr": 1}, (), {"lr": 1}, id="RLlib-entry"
        ),
        pytest.param(
            {"logger_config": {"wandb": {"project": "p"}, "type": "t"}},
            (),
            {"logger_config": {"type": "t"}},
            id="what-is-beside-the-entry",
        ),
        pytest.param({"logger_config": 3}, (), {"logger_config": 3}, id="another-logger_config"),
        pytest.param(
            {"lr": 1, "net": {"n": 2, "m": 3}}, ("lr", "net/n"), {"net": {"m": 3}}, id="excludes"
        ),
        pytest.param({"net": {"n": 2}, "lr": 1}, ("net/*",), {"net": {}, "lr": 1}, id="glob"),
    ],
)
def test_the_config_of_a_run(
    config: dict[str, Any], excludes: tuple[str, ...], kept: dict[str, Any]
) -> None:
    before = dict(config)
    assert hyperparameters(config, Excludes(excludes)) == kept
    assert trial(config, *excludes).config == kept
    assert config == before


def test_an_unchanged_config_says_nothing() -> None:
    rows = trial({"lr": 0.1, "net": {"n": 2}, "wandb": {"project": "p"}})
    assert rows.change_config({"lr": 0.1, "net": {"n": 2}, "wandb": {"project": "q"}}) is None
    assert rows.config == {"lr": 0.1, "net": {"n": 2}}


def test_a_changed_config_keeps_the_first_value_and_gets_the_newest() -> None:
    rows = trial({"lr": 0.1, "net": {"n": 2}})
    first = rows.change_config({"lr": 0.2, "net": {"n": 2}})
    assert first == Row({}, {"lr": 0.2, "net": {"n": 2}, "initial/lr": 0.1}, {})
    second = rows.change_config({"lr": 0.3, "net": {"n": 4}, "new": 1})
    assert second is not None
    assert second.config == {
        "lr": 0.3,
        "net": {"n": 4},
        "new": 1,
        "initial/lr": 0.1,
        "initial/net/n": 2,
    }
    assert second.step is None
    assert rows.config == {"lr": 0.3, "net": {"n": 4}, "new": 1}
    assert rows.change_config({"lr": 0.3, "net": {"n": 4}, "new": 1}) is None


def test_an_excluded_hyperparameter_changes_unseen() -> None:
    rows = trial({"lr": 0.1, "seed": 1}, "seed")
    assert rows.change_config({"lr": 0.1, "seed": 2}) is None
    change = rows.change_config({"lr": 0.2, "seed": 3})
    assert change is not None
    assert change.config == {"lr": 0.2, "initial/lr": 0.1}


def test_exploits_name_their_source_and_are_counted() -> None:
    rows = trial({"lr": 0.1}, log_config=True)
    assert "tune/exploits" not in rows.row({"loss": 1, "config": {"lr": 0.1}}).metrics
    change = rows.change_config({"lr": 0.2}, source="t1", iteration=4)
    assert change is not None
    assert change.summary == {"tune/exploited": "t1 after iteration 4"}
    assert rows.row({"loss": 1, "config": {"lr": 0.2}}).metrics == {
        "loss": 1,
        "config/lr": 0.2,
        "tune/exploits": 1,
    }
    again = rows.change_config({"lr": 0.2}, source="t2", iteration=8)
    assert again is not None  # copied with the same values
    assert again.summary == {"tune/exploited": "t1 after iteration 4; t2 after iteration 8"}
    assert rows.row({"loss": 1}).metrics == {"loss": 1, "tune/exploits": 2}


def test_without_log_config_exploits_are_in_the_summary_only() -> None:
    rows = trial({"lr": 0.1})
    change = rows.change_config({"lr": 0.2}, source="t1", iteration=4)
    assert change is not None
    assert change.summary == {"tune/exploited": "t1 after iteration 4"}
    assert rows.row({"loss": 1, "config": {"lr": 0.2}}).metrics == {"loss": 1}


@pytest.mark.parametrize(
    "changed",
    [pytest.param([1, 2], id="the-same"), pytest.param([1, 3], id="another")],
)
def test_a_config_with_an_array_can_be_compared(changed: list[int]) -> None:
    rows = trial({"weights": np.array([1, 2])})
    change = rows.change_config({"weights": np.array(changed)})
    assert (change is None) == (changed == [1, 2])


def test_nan_is_no_change() -> None:
    assert trial({"a": math.nan}).change_config({"a": math.nan}) is None
    assert trial({"a": float("nan")}).change_config({"a": float("nan")}) is None
    config = {"a": [float("nan"), np.array([1, float("nan")])]}
    assert trial(config).change_config({"a": [float("nan"), np.array([1, float("nan")])]}) is None


class Incomparable:
    """Its comparison says nothing."""

    def __eq__(self, other: object) -> bool:
        raise TypeError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(np.array([1, 1]), np.array([1]), id="stretched"),
        pytest.param(np.array([1, 1]), 1, id="stretched-number"),
        pytest.param([1, 2], [1], id="shorter"),
        pytest.param([1], (1,), id="another-type"),
        pytest.param(math.nan, 1.0, id="from-nan"),
        pytest.param(1, None, id="to-none"),
        pytest.param(Incomparable(), Incomparable(), id="incomparable"),
    ],
)
def test_what_is_not_the_same_is_a_change(before: Any, after: Any) -> None:
    change = trial({"a": before}).change_config({"a": after})
    assert change is not None
    assert change.config["a"] is after
    assert change.config["initial/a"] is before


def test_numbers_of_two_types_are_no_change() -> None:
    assert trial({"a": np.float64(0.1), "b": 1}).change_config({"a": 0.1, "b": 1.0}) is None
    same = Incomparable()
    assert trial({"a": same}).change_config({"a": same}) is None


# Restored searches


def test_a_restored_trial_goes_on_where_it_was() -> None:
    rows = trial({"lr": 0.1}, log_config=True, best={"acc": "max"})
    rows.row({"acc": 0.5, "training_iteration": 1})
    rows.change_config({"lr": 0.2}, source="t1", iteration=1)
    state = json.loads(json.dumps(rows.state()))
    again = trial({"lr": 0.2}, log_config=True, best={"acc": "max"})
    again.restore(state)
    assert again.state() == rows.state()
    row = again.row({"acc": 0.4, "training_iteration": 2})
    assert (row.summary, row.metrics["tune/exploits"]) == ({}, 1)
    change = again.change_config({"lr": 0.3}, source="t2", iteration=2)
    assert change is not None
    assert change.config == {"lr": 0.3, "initial/lr": 0.1}
    assert change.summary == {"tune/exploited": "t1 after iteration 1; t2 after iteration 2"}
    assert again.row({"acc": 0.6, "training_iteration": 3}).summary == {
        "best/acc": 0.6,
        "best/acc_iteration": 3,
    }


def test_the_state_is_a_copy() -> None:
    rows = trial({"lr": 0.1})
    before = rows.state()
    rows.change_config({"lr": 0.2}, source="t1", iteration=1)
    assert before == {"best": {}, "initial": {}, "exploits": []}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"timestamp": 1700000000}, {"loss": 1, "_timestamp": 1700000000.0}),
        ({"timestamp": "today"}, {"loss": 1}),
        ({}, {"loss": 1}),
    ],
)
def test_a_row_has_the_time_of_its_result(result: dict[str, Any], expected: dict[str, Any]) -> None:
    row = Row({"loss": 1}, {"pid": 7}, {})
    assert with_timestamp(row, result) == Row(expected, {"pid": 7}, {})
    assert row.metrics == {"loss": 1}


def test_a_row_without_metrics_has_no_time() -> None:
    row = Row({}, {"pid": 7}, {})
    assert with_timestamp(row, {"timestamp": 1700000000}) is row
