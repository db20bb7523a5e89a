"""Search spaces for property tests, and the pieces that they are made of."""

from typing import Any

from hypothesis import strategies as st

from tune_wandb_nb.tuning.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    QRandn,
    Randn,
)
from tune_wandb_nb.tuning.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.tuning.space.space import SearchSpace

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
