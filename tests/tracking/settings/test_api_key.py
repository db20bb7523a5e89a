"""A key is usable by the one call that needs it, and visible nowhere else."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune_wandb_nb.tracking.settings.api_key import ApiKey, describe_bad_key

KEY = "0123456789abcdef" * 3
keys = st.from_regex(r"([a-z]{1,8}-)?[A-Za-z0-9_]{40,90}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 40, id="hosted"),
        pytest.param("A_9" * 30, id="longer"),
        pytest.param("local-" + "b" * 40, id="self-hosted"),
        pytest.param("wandb_v1_" + "c" * 77, id="with-underscores"),
        pytest.param("team-a-" + "d" * 40, id="two-dashes"),
        pytest.param("local-" + "e" * 20 + "-" + "f" * 20, id="dash-inside"),
        pytest.param("eyJh.eyJz-x.c_ig", id="web-token"),
    ],
)
def test_keys_of_every_server_have_the_right_shape(text: str) -> None:
    assert describe_bad_key(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("a" * 39, "it has 39 characters", id="short"),
        pytest.param("local-" + "b" * 12, "it has 12 characters", id="short-after-the-prefix"),
        pytest.param("a" * 40 + " ", "it holds something other", id="space"),
        pytest.param("a" * 20 + "\n" + "a" * 20, "it holds something other", id="two-lines"),
        pytest.param("Bearer: " + "a" * 40, "it holds something other", id="header"),
        pytest.param("local-", "it holds something other", id="prefix-alone"),
        pytest.param("eyJh.eyJz", "it holds something other", id="two-parts-of-a-token"),
        pytest.param("eyJh..c_ig", "it holds something other", id="token-with-an-empty-part"),
    ],
)
def test_a_bad_shape_is_described(text: str, problem: str) -> None:
    assert str(describe_bad_key(text)).startswith(problem)


@given(
    st.one_of(
        keys,
        st.text(),
        st.text(alphabet="a-_.é \n", max_size=90),
        st.from_regex(r"[\w-]{1,5}(\.[\w-]{0,5}){0,3}", fullmatch=True),
        st.integers(30, 50).map("a".__mul__),
    )
)
def test_the_shape_is_the_one_that_wandb_checks(text: str) -> None:
    wandbs = pytest.importorskip("wandb.sdk.lib.wbauth.validation")
    assert (describe_bad_key(text) is None) == (wandbs.check_api_key(text) is None)


@given(st.from_regex(r"[a-f0-9]{20,39}|[a-f0-9]{40}[!?. ]", fullmatch=True))
def test_a_description_never_quotes_the_key(text: str) -> None:
    problem = describe_bad_key(text)
    assert problem is not None
    assert text not in problem
    assert text[:8] not in problem


@given(keys)
def test_a_key_shows_nowhere_but_where_it_is_revealed(text: str) -> None:
    key = ApiKey(text)
    assert key.reveal() == text
    shown = [
        repr(key),
        str(key),
        f"{key}",
        f"{key!r:>60}",
        "{:^40}".format(key),  # noqa: UP032 - one more way to show it
        "%s %r" % (key, key),  # noqa: UP031 - and another
        repr({"wandb": [key]}),
    ]
    assert all("ApiKey(***)" in way and text not in way for way in shown)


@given(keys, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_pickled_key_is_forgotten(text: str, protocol: int) -> None:
    data = pickle.dumps({"key": ApiKey(text)}, protocol)
    assert text.encode() not in data
    assert pickle.loads(data) == {"key": None}


def test_a_copy_of_what_holds_a_key_has_none() -> None:
    assert copy.deepcopy({"key": ApiKey(KEY)}) == {"key": None}


def test_a_traceback_does_not_show_the_key() -> None:
    def fail(key: ApiKey) -> None:
        raise RuntimeError(f"refused: {key}")

    with pytest.raises(RuntimeError, match=r"refused: ApiKey\(\*\*\*\)") as caught:
        fail(ApiKey(KEY))
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frame = "".join(told.format()).partition("in fail")[2]
    assert "key = ApiKey(***)" in frame
    assert KEY not in frame


def test_a_key_has_no_attributes_to_be_dumped() -> None:
    with pytest.raises(TypeError, match="__dict__"):
        vars(ApiKey(KEY))


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        pytest.param("no key here", "no key here", id="none"),
        pytest.param(f"401 for {KEY}", "401 for ***", id="one"),
        pytest.param(f"{KEY}:{KEY}", "***:***", id="several"),
    ],
)
def test_scrub_hides_the_key_in_a_text(text: str, scrubbed: str) -> None:
    assert ApiKey(KEY).scrub(text) == scrubbed


def test_keys_compare_by_value() -> None:
    assert ApiKey(KEY) == ApiKey(KEY)
    assert ApiKey(KEY) != ApiKey("b" * 40)
    assert ApiKey(KEY) != KEY
    assert {ApiKey(KEY), ApiKey(KEY), ApiKey("b" * 40)} == {ApiKey(KEY), ApiKey("b" * 40)}
    assert len({ApiKey(KEY), ApiKey(KEY)}) == 1
