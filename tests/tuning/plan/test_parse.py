"""What a person types into a field: what is read, and what is refused in which words."""

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.spaces import values
from tune_wandb_nb.search_space.distributions.values import SpaceError, literal
from tune_wandb_nb.tuning.plan.parse import (
    format_values,
    parse_integer,
    parse_number,
    parse_value,
    parse_values,
)

TYPED = st.text() | st.text(alphabet="[](){},'\"\\ \n:rb1e-_.a∞", max_size=30)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-4", 1e-4), ("0.1", 0.1), ("1_000", 1000.0), (" -3 ", -3.0), (".5", 0.5), ("+2", 2.0)],
)
def test_numbers_are_read(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lower is empty; write a number such as"),
        ("  ", "lower is empty"),
        ("abc", "lower must be a number, but it is 'abc'"),
        ("1/3", "lower must be a number, but it is '1/3'"),
        ("0,1", "but it is '0,1'; write the point as in 0.1"),
        ("1e-", "lower must be a number"),
        ("<b>1</b>", "lower must be a number, but it is '<b>1</b>'"),
        ("nan", "lower must be a finite number, but it is 'nan'"),
        ("-inf", "lower must be a finite number, but it is '-inf'"),
        ("Infinity", "lower must be a finite number"),
        ("1e400", "lower must be a finite number, but it is '1e400'"),
        ("9" * 9000, "lower must be a finite number, but it is '999"),
        ("9" * 300_000, "lower must have at most 200000 characters, but it has 300000"),
        ("1\x00", r"lower must be a number, but it is '1\\x00'"),
    ],
)
@pytest.mark.parametrize("parse", [parse_number, parse_integer])
def test_what_is_no_number_is_refused(parse: Any, text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        parse(text, "lower")
    assert caught.value.field == "lower"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("64", 64),
        ("1_000", 1000),
        ("1e3", 1000),
        ("8.0", 8),
        ("-5", -5),
        (str(2**62 + 1), 2**62 + 1),
    ],
)
def test_whole_numbers_are_read_exactly(text: str, number: int) -> None:
    assert parse_integer(text) == number
    assert type(parse_integer(text)) is int


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(SpaceError, match=r"q must be a whole number, but it is 2\.5; round it"):
        parse_integer("2.5", "q")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("relu, tanh", ("relu", "tanh")),
        ("'a, b', \"it's\"", ("a, b", "it's")),
        ("don't, can't", ("don't", "can't")),
        ("1, 2.5, None, True, -3, 1e-4", (1, 2.5, None, True, -3, 1e-4)),
        ("[1, 2, 3]", (1, 2, 3)),
        ("[relu, tanh]", ("relu", "tanh")),
        ("[[1, 2]]", ([1, 2],)),
        ("[1, 2], [3]", ([1, 2], [3])),
        ("(64, 64), (128,)", ((64, 64), (128,))),
        ("(64, 64)", ((64, 64),)),
        ("{'a': 1, 'b': [2]}, x", ({"a": 1, "b": [2]}, "x")),
        ("a,", ("a",)),
        ("1_000", (1000,)),
        ("007, 1.2.3, 1-2, v1.0", ("007", "1.2.3", "1-2", "v1.0")),
        ("resnet 18, adam-w", ("resnet 18", "adam-w")),
        ("''", ("",)),
        (r"'a\'b, c', '\n'", ("a'b, c", "\n")),
        ("'''a,b'''", ("a,b",)),
        ("r'a\\b,', u'x'", ("a\\b,", "x")),
        ("'true', 'nan'", ("true", "nan")),
        ("<b>, ä", ("<b>", "ä")),
    ],
)
def test_choices_are_read(text: str, read: tuple[Any, ...]) -> None:
    assert repr(parse_values(text)) == repr(read)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "values is empty; write at least one value"),
        ("[]", "values is empty; write at least one value"),
        (",", "values is empty; write something between two commas"),
        ("a,,b", "values is empty; write something between two commas"),
        ("'a, b", "quotes and brackets must come in pairs, .* ' has no partner"),
        ("(1, 2", r"\( has no partner"),
        ("1)", r"\) has no partner"),
        ("(1]", r"\] has no partner"),
        ("true, false", "'true' is neither; write True, or \"true\" for the text"),
        ("nan", "'nan' is neither; write a finite number, or \"nan\" for the text"),
        ("1, -inf", "'-inf' is neither"),
        ("1e400", "but there is infinity. Typed was '1e400'"),
        ("{1, 2}", "but there is a set"),
        ("1+2j", "but there is a complex"),
        ("b'x'", "but there is a bytes"),
        ("{1: 2}", "keys that are not text"),
        ("'a' 'b'", "one is missing behind \"'a'\""),
        ("f(1)", r"'f\(1\)' is neither; put quotes around a text"),
        ("'a'b", "is neither; put quotes around a text"),
        ("a\x00b", r"'a\\x00b' is neither"),
        ("[" * 500 + "]" * 500, "is neither|nested too deeply"),
        ("{[]: 1}", "is neither"),
        ("a" * 300_000, "at most 200000 characters"),
    ],
)
def test_what_is_no_choice_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message) as caught:
        parse_values(text)
    assert caught.value.field == "values"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("10", 10),
        ("relu", "relu"),
        ("1, 2", (1, 2)),
        ("[1, 2]", [1, 2]),
        ("'a, b'", "a, b"),
        ("''", ""),
    ],
)
def test_one_value_is_read(text: str, read: Any) -> None:
    assert repr(parse_value(text)) == repr(read)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "value is empty; write a value, '' for an empty text"),
        ("a, b", "value must be one value, but it is 'a, b'; put quotes around"),
        ("NaN", "value must be .* write a finite number"),
        ("[1", r"\[ has no partner"),
    ],
)
def test_what_is_not_one_value_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        parse_value(text)


@given(TYPED)
@example("'\\")
@example("\ud800")
@example("'\\N{x}'")
@example("1is 2")
@example('"\\d"')
@example("٣")
@pytest.mark.parametrize("parse", [parse_number, parse_integer, parse_value, parse_values])
def test_no_text_raises_anything_else(parse: Any, text: str) -> None:
    try:
        read = parse(text)
    except SpaceError as error:
        assert error.field  # noqa: PT017
        assert len(str(error)) < 500  # noqa: PT017
    else:
        assert not isinstance(read, float) or math.isfinite(read)


@given(st.lists(values(), min_size=1, max_size=4))
def test_what_is_written_is_read_again(several: list[Any]) -> None:
    assert repr(parse_values(format_values(several))) == repr(tuple(several))
    assert repr(parse_value(literal(several[0]))) == repr(several[0])


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63))
def test_numbers_are_written_exactly(number: float, whole: int) -> None:
    assert parse_number(repr(number)) == number
    assert parse_integer(repr(whole)) == whole
