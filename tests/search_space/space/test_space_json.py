"""A search space as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spaces import spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError


@settings(deadline=None)
@given(spaces())
def test_a_space_comes_back_from_json(space: SearchSpace) -> None:
    back = SearchSpace.from_json(space.to_json())
    assert back == space
    assert repr(back) == repr(space)


_ROW = '{"name": "a", "kind": "constant", "value": 1}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is not JSON"),
        ("[" * 100_000, "the text is not JSON"),
        ("[]", "a saved search space is"),
        ("null", "a saved search space is"),
        ('{"version": 2, "parameters": []}', "the version here is 2"),
        ('{"version": 1}', "a saved search space is"),
        ('{"version": 1, "parameters": [5]}', "each of .parameters. must be an object"),
        ('{"version": 1, "parameters": [{"name": 1, "kind": "x"}]}', "each of .parameters."),
        ('{"version": 1, "parameters": [{"name": "a", "kind": "x"}]}', "a: the kind must be one"),
        (
            '{"version": 1, "parameters": [{"name": "a", "kind": "uniform", "lower": 0}]}',
            "a: uniform has the fields lower, upper, but got 'lower'",
        ),
        (
            '{"version": 1, "parameters": [{"name": "a", "kind": "constant", "value": NaN}]}',
            "NaN is not a number of JSON",
        ),
        (
            '{"version": 1, "parameters": [{"name": "a", "kind": "constant", "value": {"x": 1}}]}',
            "a: a value that is an object must be",
        ),
        (
            '{"version": 1, "parameters": [{"name": "wandb", "kind": "constant", "value": 1}]}',
            "wandb: 'wandb' is kept",
        ),
        (
            '{"version": 1, "parameters": [%s, %s]}'.replace("%s", _ROW),
            "a: names must differ",
        ),
    ],
)
def test_json_that_is_no_space_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        SearchSpace.from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tuple", "dict", "name", "kind", "values", "value", "lower", "upper"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"name": st.text(), "kind": st.sampled_from([*KINDS])}), max_size=2
    ),
    JSON,
)
def test_no_json_raises_anything_else(rows: list[dict[str, Any]], more: Any) -> None:
    parameters = [{**row, **more} if isinstance(more, dict) else row for row in rows] or more
    try:
        SearchSpace.from_json(json.dumps({"version": 1, "parameters": parameters}))
    except SpaceError as error:
        assert str(error)  # noqa: PT017
