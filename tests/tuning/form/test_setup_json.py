"""The texts of a form as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forms import KEY
from tests.spaces import spaces
from tune_wandb_nb import SearchSpace
from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.setup import Setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS
from tune_wandb_nb.tuning.form.setup_json import setup_from_json, setup_to_json
from tune_wandb_nb.tuning.form.space_rows import Row, rows_of


@settings(deadline=None)
@given(spaces(), st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.text(max_size=20)))
def test_a_setup_comes_back_from_its_json(space: SearchSpace, fields: dict[str, str]) -> None:
    before = Setup(fields, rows_of(space))
    after, missing = setup_from_json(setup_to_json(before), {})
    assert missing == ()
    assert {name: after[name] for name in DEFAULTS} == {name: before[name] for name in DEFAULTS}
    assert after.rows == before.rows


def test_no_key_gets_into_the_json() -> None:
    row = Row(KEY, "constant", {"value": KEY})
    text = setup_to_json(Setup({"project": KEY, "notes": f"key={KEY}"}, (row,)))
    assert KEY not in text


def test_objects_come_back_if_they_are_given() -> None:
    kept = Kept(print)
    text = setup_to_json(Setup({}, (Row("f", "kept", kept=kept), Row("lr"))))
    back, missing = setup_from_json(text, {"f": kept})
    assert back.rows[0].kept is kept
    assert missing == ()
    less, missing = setup_from_json(text, {})
    assert [row.name for row in less.rows] == ["lr"]
    assert missing == ("f",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not"),
        ("[" * 100_000, "is not"),
        ("[]", "the version here is None"),
        ('{"version": 2}', "the version here is 2"),
        ('{"version": 1}', '"fields" must be an object of texts'),
        ('{"version": 1, "fields": {"x": "1"}, "rows": []}', "has no field 'x'"),
        ('{"version": 1, "fields": {"samples": 1}, "rows": []}', "must be an object of texts"),
        ('{"version": 1, "fields": {}, "rows": {}}', '"rows" must be a list'),
        ('{"version": 1, "fields": {}, "rows": [1]}', 'each of "rows" must have the texts'),
        (
            '{"version": 1, "fields": {}, "rows": [{"name": "a", "kind": "x", "texts": {}}]}',
            "a saved row has no kind 'x'",
        ),
        (
            '{"version": 1, "fields": {}, "rows": [{"name": "a", "kind": "grid"}]}',
            '"texts" must be an object of texts',
        ),
    ],
)
def test_what_is_no_saved_setup_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message.replace("[", r"\[")):
        setup_from_json(text, {})
