"""One Tune result: every number logged once under its "/" name, everything else accounted for."""

from __future__ import annotations

import copy
import enum
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import wandb
from hypothesis import example, given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.results.payload import (
    AUTO_CONFIG_KEYS,
    BestSoFar,
    Excludes,
    Media,
    Payload,
    Splitter,
    flatten,
)


class Tensor:
    """As much of a torch tensor as is looked at."""

    def __init__(self, *values: complex) -> None:
        self.values = values

    def numel(self) -> int:
        return len(self.values)

    def item(self) -> complex:
        (value,) = self.values
        return value


class TensorWithoutData(Tensor):
    """One on torch's "meta" device, say."""

    def item(self) -> complex:
        raise RuntimeError("there is no data")


class Level(enum.IntEnum):
    HIGH = 3


class WBValue:
    """Called like W&B's base class, but not from there."""


class Plot(wandb.Histogram):
    """A user's own W&B data type."""


def split(result: dict[Any, Any], *excludes: str, log_config: bool = False) -> Payload:
    return Splitter(Excludes(excludes), log_config=log_config).split(result)


def same(one: Any, other: Any) -> bool:
    """Whether two numbers are the same, in type and value; NaN is NaN."""
    both_nan = isinstance(one, float) and math.isnan(one) and math.isnan(other)
    return type(one) is type(other) and (one == other or both_nan)


# Numbers


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        pytest.param(1, 1, id="int"),
        pytest.param(2**70, 2**70, id="big-int"),
        pytest.param(0.1, 0.1, id="float"),
        pytest.param(True, True, id="bool"),
        pytest.param(math.nan, math.nan, id="nan"),
        pytest.param(math.inf, math.inf, id="inf"),
        pytest.param(-math.inf, -math.inf, id="minus-inf"),
        pytest.param(Level.HIGH, 3, id="int-enum"),
        pytest.param(np.float64(0.1), 0.1, id="numpy-float64"),
        pytest.param(np.float32(0.5), 0.5, id="numpy-float32"),
        pytest.param(np.float16("nan"), math.nan, id="numpy-nan"),
        pytest.param(np.longdouble(1.5), 1.5, id="numpy-longdouble"),
        pytest.param(np.int8(-3), -3, id="numpy-int"),
        pytest.param(np.uint64(2**63), 2**63, id="numpy-uint"),
        pytest.param(np.bool_(1), True, id="numpy-bool"),
        pytest.param(np.array(2), 2, id="array-without-dimension"),
        pytest.param(np.array([0.5]), 0.5, id="array-of-one"),
        pytest.param(np.array([[[7]]]), 7, id="deep-array-of-one"),
        pytest.param(np.array([False]), False, id="array-of-one-bool"),
        pytest.param(Tensor(0.5), 0.5, id="tensor-of-one"),
        pytest.param(Decimal("1.5"), 1.5, id="decimal"),
        pytest.param(Fraction(1, 4), 0.25, id="fraction"),
    ],
)
def test_a_number_is_logged_as_pythons_own(value: Any, logged: float) -> None:
    payload = split({"outer": {"x": value}})
    assert list(payload.metrics) == ["outer/x"]
    assert same(payload.metrics["outer/x"], logged)
    assert (payload.config, payload.texts, payload.dropped) == ({}, {}, {})


numbers = st.one_of(
    st.tuples(st.integers() | st.floats() | st.booleans()).map(lambda t: (t[0], t[0])),
    st.floats(width=32).map(lambda x: (np.float32(x), x)),
    st.floats().map(lambda x: (np.array([[x]]), x)),
    st.integers(-(2**63), 2**63 - 1).map(lambda x: (np.int64(x), x)),
    st.floats().map(lambda x: (Tensor(x), x)),
)
texts = st.text().map(lambda x: (x, "text"))
others = st.sampled_from(
    [None, [1, 2], (), [], object(), 1j, b"x", np.zeros((2, 2)), Tensor(1, 2), Tensor(1j), int]
).map(lambda x: (x, "dropped"))
names = st.text("ab.é _-*", min_size=1, max_size=3) | st.integers(0, 9)
results = st.recursive(
    numbers | texts | others,
    lambda inner: st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def walk(tree: Any, name: str) -> dict[str, tuple[Any, Any]]:
    """Return the leaves of a generated result by their names."""
    if isinstance(tree, tuple):
        return {name: tree}
    return {k: v for key, sub in tree.items() for k, v in walk(sub, f"{name}/{key}").items()}


def values(tree: Any) -> Any:
    """Return the generated result itself."""
    return tree[0] if isinstance(tree, tuple) else {k: values(sub) for k, sub in tree.items()}


def accounts(leaves: dict[str, tuple[Any, Any]], payload: Payload) -> bool:
    """Whether every leaf is in the one place where it belongs, and nothing else anywhere."""
    words = {name for name, (_, kind) in leaves.items() if kind == "text"}
    rest = {name for name, (_, kind) in leaves.items() if kind == "dropped"}
    return (
        payload.metrics.keys() == leaves.keys() - words - rest
        and all(same(value, leaves[name][1]) for name, value in payload.metrics.items())
        and payload.texts == {name: leaves[name][0] for name in words}
        and payload.dropped == {name: type(leaves[name][0]).__name__ for name in rest}
        and payload.config == {}
    )


@given(results)
def test_every_value_is_logged_kept_as_text_or_named_as_dropped(tree: Any) -> None:
    result = {"eval": values(tree)}
    assert accounts(walk(tree, "eval"), split(result))
    assert result == {"eval": values(tree)}


@given(results, st.lists(st.sampled_from(["e/a", "e/b", "e/a/b", "e/b/a"]), max_size=2))
def test_an_excluded_name_hides_all_that_is_in_it_and_nothing_else(
    tree: Any, excludes: list[str]
) -> None:
    leaves = {
        name: leaf
        for name, leaf in walk(tree, "e").items()
        if not any(f"{name}/".startswith(f"{hidden}/") for hidden in excludes)
    }
    assert accounts(leaves, split({"e": values(tree)}, *excludes))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Decimal("sNaN"), id="signalling-nan"),
        pytest.param(Fraction(10**400), id="fraction-beyond-float"),
        pytest.param(TensorWithoutData(1), id="tensor-without-data"),
    ],
)
def test_a_value_that_cannot_be_read_is_dropped(value: Any) -> None:
    payload = split({"x": value, "y": 1})
    assert (payload.metrics, payload.dropped) == ({"y": 1}, {"x": type(value).__name__})


def test_two_values_of_one_name_are_accounted_for() -> None:
    payload = split({"a/b": 1, "a": {"b": 2}})
    assert len(payload.metrics) + len(payload.dropped) == 2
    payload = split({"a/b": "x", "a": {"b": 2}})
    assert payload == Payload({}, {}, {"a/b": "x"}, {"a/b": "a second value of that name"})
    payload = split({"config/lr": 1, "config": {"lr": 2}}, log_config=True)
    assert payload.metrics == {"config/lr": 1}
    assert list(payload.dropped) == ["config/lr"]


# What is no number


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        pytest.param((4, 5, 3), "image", id="image"),
        pytest.param((2, 4, 5, 3), "images", id="images"),
        pytest.param((2, 3, 3, 4, 5), "videos", id="videos"),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.bool_])
def test_arrays_of_three_to_five_dimensions_are_media(
    shape: tuple[int, ...], kind: str, dtype: Any
) -> None:
    array = np.zeros(shape, dtype=dtype)
    payload = split({"a": {"x": array}})
    media = payload.metrics["a/x"]
    assert isinstance(media, Media)
    assert (media.kind, media.array is array, payload.dropped) == (kind, True, {})
    assert repr(media) == f"Media(kind={kind!r})"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, "NoneType", id="None"),
        pytest.param([1, 2], "list", id="list-of-numbers"),
        pytest.param([], "list", id="empty-list"),
        pytest.param((1,), "tuple", id="tuple"),
        pytest.param({1}, "set", id="set"),
        pytest.param(b"x", "bytes", id="bytes"),
        pytest.param(1j, "complex", id="complex"),
        pytest.param(np.complex64(1j), "complex64", id="numpy-complex"),
        pytest.param(np.datetime64("2026-01-01"), "datetime64", id="numpy-date"),
        pytest.param(np.array(["x"]), "ndarray", id="array-of-one-text"),
        pytest.param(np.zeros(2), "ndarray", id="vector"),
        pytest.param(np.zeros((2, 2)), "ndarray", id="matrix"),
        pytest.param(np.zeros((1, 2, 1, 1, 1, 1)), "ndarray", id="six-dimensions"),
        pytest.param(np.zeros((0, 2, 3)), "ndarray", id="image-without-pixels"),
        pytest.param(np.full((2, 2, 3), "x"), "ndarray", id="image-of-texts"),
        pytest.param(np.full((2, 2, 3), None), "ndarray", id="image-of-objects"),
        pytest.param(Tensor(1, 2), "Tensor", id="tensor-of-two"),
        pytest.param(Tensor(), "Tensor", id="empty-tensor"),
        pytest.param(np.float32, "type", id="class"),
        pytest.param(WBValue(), "WBValue", id="somebody-else's-WBValue"),
        pytest.param([wandb.Html("a"), 1], "list", id="list-of-which-some-are-wandb's"),
    ],
)
def test_what_cannot_be_logged_is_named_with_its_type(value: Any, reason: str) -> None:
    payload = split({"a": {"x": value}, "y": 1})
    assert payload == Payload(metrics={"y": 1}, config={}, texts={}, dropped={"a/x": reason})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(wandb.Html("<b>a</b>"), id="html"),
        pytest.param(wandb.Histogram([1, 2, 3]), id="histogram"),
        pytest.param(wandb.Table(columns=["a"], data=[[1]]), id="table"),
        pytest.param(Plot([1, 2]), id="a-user's-own"),
    ],
)
def test_wandbs_data_types_are_logged_as_they_are(value: Any) -> None:
    payload = split({"one": value, "deep": {"list": [value, value], "tuple": (value,)}})
    assert payload.metrics["one"] is value
    assert payload.metrics["deep/list"] == [value, value]
    assert payload.metrics["deep/tuple"] == [value]
    assert payload.dropped == {}


def test_texts_are_kept_for_the_summary() -> None:
    payload = split({"phase": "warm-up", "a": {"b": np.str_("x")}, "n": 1})
    assert payload == Payload({"n": 1}, {}, {"phase": "warm-up", "a/b": "x"}, {})
    assert type(payload.texts["a/b"]) is str


# Names


def test_automatic_keys_go_to_the_config_and_tunes_own_nowhere() -> None:
    auto = dict.fromkeys(AUTO_CONFIG_KEYS, "x")
    own = {"done": True, "should_checkpoint": False, "checkpoint_dir_name": "c", "config": {"a": 1}}
    assert split({**auto, **own, "loss": 1, "training_iteration": 2}) == Payload(
        {"loss": 1, "training_iteration": 2}, auto, {}, {}
    )
    assert {"trial_id", "experiment_tag", "node_ip", "hostname", "pid", "date"} <= AUTO_CONFIG_KEYS


def test_only_the_outermost_names_are_tunes() -> None:
    assert split({"a": {"done": 1, "pid": 2, "config": {"lr": 3}}}).metrics == {
        "a/done": 1,
        "a/pid": 2,
        "a/config/lr": 3,
    }


@pytest.mark.parametrize("name", ["_step", "_runtime", "_timestamp", "_wandb"])
def test_names_of_wandbs_bookkeeping_are_not_overwritten(name: str) -> None:
    payload = split({name: 1, "a": {name: 2}})
    assert payload.metrics == {f"a/{name}": 2}
    assert payload.dropped == {name: "a name W&B keeps for itself"}


def test_the_reason_is_the_name_whatever_the_number_is() -> None:
    assert split({"_step": np.float32(1)}).dropped == {"_step": "a name W&B keeps for itself"}


def test_a_text_does_not_overwrite_wandbs_bookkeeping() -> None:
    assert split({"_timestamp": "noon"}).texts == {}


# Excludes


@pytest.mark.parametrize(
    ("pattern", "hit", "missed"),
    [
        pytest.param("lr", ["lr", "lr/a/b"], ["lrs", "a/lr", "LR"], id="name"),
        pytest.param("a/b", ["a/b", "a/b/c"], ["a", "a/bc", "b"], id="nested-name"),
        pytest.param("a/*", ["a/b", "a/b/c"], ["a", "ab", "b/a/c"], id="all-that-is-inside"),
        pytest.param("a/", ["a", "a/b"], ["ab"], id="closing-slash"),
        pytest.param("*_s", ["time_s", "a/b_s"], ["time_ms/a", "s"], id="ending"),
        pytest.param("*/loss", ["a/loss", "a/b/loss"], ["loss", "a/losses"], id="inner-name"),
        pytest.param("l?ss", ["loss", "lass"], ["lss"], id="one-letter"),
        pytest.param("[ab]", ["a", "b", "[ab]"], ["c", "ab"], id="choice-or-the-very-name"),
    ],
)
def test_patterns(pattern: str, hit: list[str], missed: list[str]) -> None:
    excludes = Excludes(["unrelated", pattern])
    for _ in range(2):  # the second time from memory
        assert [name for name in hit + missed if excludes.matches(name)] == hit


def test_without_patterns_nothing_is_excluded() -> None:
    assert not Excludes().matches("")
    assert Excludes().prune({"a": {"b": 1}}) == {"a": {"b": 1}}


def test_excludes_apply_to_metrics_texts_config_and_automatic_keys() -> None:
    result = {
        "loss": 1,
        "info": {"learner": {"a": 1}, "steps": 2, "phase": "x", "skipped": None},
        "pid": 3,
        "date": "d",
        "config": {"lr": 4, "net": {"size": 5, "depth": 6}, "plain": 7},
    }
    payload = split(
        result,
        *("info/learner", "info/[ps][hk]*", "pid", "lr", "net/size", "config/plain"),
        log_config=True,
    )
    assert payload == Payload(
        {"loss": 1, "info/steps": 2, "config/net/depth": 6}, {"date": "d"}, {}, {}
    )


configs = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=10,
)


def without_slash(pattern: str) -> str:
    """Return what a pattern stands for: "info/" is "info"."""
    return pattern.rstrip("/") or pattern


@example({"a": 0}, ["a/"])
@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=2), configs, max_size=3),
    st.lists(st.text("ab/", min_size=1, max_size=4), max_size=3),
)
def test_prune_takes_out_exactly_what_is_excluded(
    config: dict[str, Any], patterns: list[str]
) -> None:
    before = copy.deepcopy(config)
    kept = [
        (name, value)
        for name, value in flatten(config)
        if not any(name == p or name.startswith(f"{p}/") for p in map(without_slash, patterns))
    ]
    assert list(flatten(Excludes(patterns).prune(config))) == kept
    assert config == before


# Hyperparameters as series


def test_log_config_adds_every_number_of_the_config() -> None:
    config = {
        "lr": np.float32(0.5),
        "net": {"size": 8, "kind": "mlp"},
        "on": True,
        "layers": [1, 2],
        "wandb": {"upload_timeout": 3},
        "logger_config": {"wandb": {"upload_timeout": 3}},
    }
    assert split({"loss": 1, "config": config}, log_config=True).metrics == {
        "loss": 1,
        "config/lr": 0.5,
        "config/net/size": 8,
        "config/on": True,
    }
    assert split({"loss": 1, "config": config}).metrics == {"loss": 1}


@pytest.mark.parametrize("config", [None, "x", {}], ids=["None", "text", "empty"])
def test_log_config_without_a_config(config: object) -> None:
    assert split({"loss": 1, "config": config}, log_config=True).metrics == {"loss": 1}
    assert split({"loss": 1}, log_config=True).metrics == {"loss": 1}


def test_flatten_joins_names() -> None:
    nested = {"a": {"b": {"c": 1}, 2: None}, "d": [{"e": 1}], "f": {}}
    assert list(flatten(nested)) == [("a/b/c", 1), ("a/2", None), ("d", [{"e": 1}])]


# The best so far


@given(
    st.lists(st.floats() | st.integers(-(2**60), 2**60), min_size=1),
    st.sampled_from([("max", max), ("min", min)]),
)
def test_the_summary_ends_at_the_best_value_and_its_first_iteration(
    series: list[float], way: tuple[str, Any]
) -> None:
    mode, extreme = way
    best = BestSoFar({"acc": mode})
    summary: dict[str, float] = {}
    for iteration, value in enumerate(series, start=1):
        summary |= best.update({"acc": value, "other": 9}, iteration)
    real = [value for value in series if not math.isnan(value)]
    if not real:
        assert (summary, best.values()) == ({}, {})
        return
    expected = extreme(real)
    assert summary == {"best/acc": expected, "best/acc_iteration": series.index(expected) + 1}
    assert best.values() == {"acc": expected}


def test_what_is_not_better_changes_nothing() -> None:
    best = BestSoFar({"acc": "max", "loss": "min"}, {"acc": 0.5})
    assert best.update({"acc": 0.5, "loss": 2}, 4) == {"best/loss": 2, "best/loss_iteration": 4}
    assert best.update({"acc": 0.4, "loss": 3}, 5) == {}
    assert best.update({"acc": "high", "loss": None}, 6) == {}
    assert best.update({}, 7) == {}
    assert best.update({"acc": 0.6}, 8) == {"best/acc": 0.6, "best/acc_iteration": 8}
    assert best.values() == {"acc": 0.6, "loss": 2}


def test_the_best_of_numbers_beyond_a_float() -> None:
    assert BestSoFar({"n": "max"}).update({"n": 10**400}, 1)["best/n"] == 10**400
