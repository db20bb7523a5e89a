"""Search spaces for tests: examples of what Tune takes, and strategies for property tests."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st
from ray import tune
from ray.tune.search.sample import Categorical, Float, Integer
from ray.tune.search.variant_generator import generate_variants

from tune_wandb_nb.search_space.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    QRandn,
    Randn,
)
from tune_wandb_nb.search_space.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.search_space.space.space import SearchSpace

_FINITE = st.floats(-1e12, 1e12)


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)


def values(*, tuples: bool = True) -> st.SearchStrategy[Any]:
    """Plain data, with or without tuples."""

    def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        kinds = [
            st.lists(inner, max_size=3),
            st.dictionaries(st.text(max_size=5), inner, max_size=3),
        ]
        if tuples:
            kinds.append(st.lists(inner, max_size=3).map(tuple))
        return st.one_of(kinds)

    return st.recursive(_SCALARS, containers, max_leaves=4)


def ordered(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(numbers, numbers).map(sorted).map(tuple).filter(lambda ends: ends[0] < ends[1])


def steps(first: int) -> st.SearchStrategy[tuple[Any, Any, Any]]:
    """Ends and a quantum of floats that fit it."""
    return st.builds(
        lambda ends, q: (ends[0] * q, ends[1] * q, q),
        ordered(st.integers(first, 1000)),
        st.sampled_from([0.001, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0]),
    )


def whole_steps(first: int) -> st.SearchStrategy[tuple[int, int, int]]:
    return st.builds(
        lambda ends, q: (ends[0] * q, ends[1] * q, q),
        ordered(st.integers(first, 10**6)),
        st.integers(2, 100),
    )


def distributions(*, tuples: bool = True, single: bool = True) -> st.SearchStrategy[Distribution]:
    """Every kind but grids; ``single`` allows whole ranges that hold one number."""
    apart = 1 if single else 2
    some = st.lists(values(tuples=tuples), min_size=1, max_size=4)
    ints = ordered(st.integers(-(10**15), 10**15)).filter(lambda e: e[1] - e[0] >= apart)
    log_ints = ordered(st.integers(1, 10**15)).filter(lambda e: e[1] - e[0] >= apart)
    return st.one_of(
        ordered(_FINITE).map(lambda a: Uniform(*a)),
        steps(-1000).map(lambda a: QUniform(*a)),
        ordered(st.floats(1e-300, 1e300)).map(lambda a: LogUniform(*a)),
        steps(1).map(lambda a: QLogUniform(*a)),
        st.builds(Randn, _FINITE, st.floats(1e-6, 1e12)),
        st.builds(QRandn, st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(1e-6, 1e6)),
        ints.map(lambda a: RandInt(*a)),
        whole_steps(-(10**6)).map(lambda a: QRandInt(*a)),
        log_ints.map(lambda a: LogRandInt(*a)),
        whole_steps(1).map(lambda a: QLogRandInt(*a)),
        some.map(Choice),
        constants(tuples=tuples),
    )


def constants(*, tuples: bool = True) -> st.SearchStrategy[Distribution]:
    plain = values(tuples=tuples).filter(lambda value: not (isinstance(value, dict) and value))
    return plain.map(Constant)


def grids(*, tuples: bool = True) -> st.SearchStrategy[Distribution]:
    return st.lists(values(tuples=tuples), min_size=1, max_size=3).map(Grid)


_KEYS = st.sampled_from(["lr", "a-b", "x y", "ä", "class", 'quo"te', "it's", "<b>", "1", "\\", "é"])


_NAMES = st.one_of(
    _KEYS,
    st.builds("top/{}".format, _KEYS),
    st.builds("deep/er/{}".format, _KEYS),
)


SWEEP_NAMES = st.sampled_from(["lr", "a-b", "a.b", "_x", "top/lr", "top/eps", "deep/er/lr"])


def spaces(
    found: st.SearchStrategy[Distribution] | None = None,
    names: st.SearchStrategy[str] = _NAMES,
    *,
    least: int = 0,
) -> st.SearchStrategy[SearchSpace]:
    """Spaces of whatever kinds, nested too."""
    kinds = distributions() | grids() if found is None else found
    return st.dictionaries(names, kinds, min_size=least, max_size=6).map(SearchSpace)


def from_code(code: str, **names: Any) -> SearchSpace:
    """Run code that makes a ``param_space``, and read that."""
    exec(code, names)
    return SearchSpace.from_param_space(names["param_space"])


# What Tune's functions make, and what it is in the form.
TUNE = [
    (tune.uniform(0, 1), Uniform(0, 1)),
    (tune.quniform(-1, 1, 0.1), QUniform(-1, 1, 0.1)),
    (tune.loguniform(1e-4, 1e-1), LogUniform(1e-4, 1e-1)),
    (tune.qloguniform(0.5, 64, 0.5), QLogUniform(0.5, 64, 0.5)),
    (tune.randn(), Randn(0, 1)),
    (tune.randn(10, 2), Randn(10, 2)),
    (tune.qrandn(10, 2, 0.2), QRandn(10, 2, 0.2)),
    (tune.randint(-9, 15), RandInt(-9, 15)),
    (tune.qrandint(-20, 10, 5), QRandInt(-20, 10, 5)),
    (tune.qrandint(1, 11, 3), QRandInt(3, 9, 3)),
    (tune.qrandint(2, 7, 1), RandInt(2, 7)),
    (tune.qrandint(2, 7), RandInt(2, 7)),
    (tune.lograndint(1, 1000), LogRandInt(1, 1000)),
    (tune.qlograndint(16, 1024, 16), QLogRandInt(16, 1024, 16)),
    (tune.qlograndint(10, 100, 16), QLogRandInt(16, 96, 16)),
    (tune.qlograndint(2, 9, 1), LogRandInt(2, 9)),
    (tune.choice(["a", 1, None]), Choice(["a", 1, None])),
    (tune.choice(np.array([0.1, 0.2])), Choice([0.1, 0.2])),
    (tune.choice([(1, 2), [3]]), Choice([(1, 2), [3]])),
    (tune.grid_search([1, 2]), Grid([1, 2])),
    (Categorical([1, 2]).grid(), Grid([1, 2])),
    (Float(0, 1), Uniform(0, 1)),
    (Integer(0, 9), RandInt(0, 9)),
    (tune.uniform(np.float32(0), np.int64(1)), Uniform(0, 1)),
    (3, Constant(3)),
    (np.float64(0.5), Constant(0.5)),
    ({}, Constant({})),
    ([1, (2, "x")], Constant([1, (2, "x")])),
]


def values_of(param_space: dict[str, Any], trials: int = 12) -> list[Any]:
    """Return the configs of the first trials that Tune itself makes of a param_space."""
    rng, found = np.random.default_rng(7), []
    while len(found) < trials:
        variants = generate_variants({"config": param_space}, random_state=rng)
        found += [variant["config"] for _, variant in itertools.islice(variants, trials)]
    return found[:trials]
