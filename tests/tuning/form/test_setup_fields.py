"""The fields of the form: labels, defaults and the functions that read them."""

from __future__ import annotations

import pytest

from tests.forms import KEY
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.setup_fields import (
    DEFAULTS,
    LABELS,
    READERS,
    is_key_like,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90 s", 90), ("10min", 600), ("1.5 h", 5400), ("2 D", 172800), ("1e2", 100)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KEY, True),
        (f"local-{KEY}", True),
        (f"WANDB_API_KEY='{KEY}'", True),
        ("wandb_v1_" + "x" * 40, True),
        (KEY[:-1], False),
        (KEY.upper(), False),
        ("a note about digits", False),
        ("", False),
    ],
)
def test_keys_are_recognized_by_their_form(text: str, expected: bool) -> None:
    assert is_key_like(text) is expected


def test_every_field_has_a_label_and_a_default_that_can_be_read() -> None:
    assert set(LABELS) == set(DEFAULTS) >= set(READERS)
    for name, read in READERS.items():
        if name != "metric":
            read(DEFAULTS[name], name)
    with pytest.raises(SpaceError, match="metric is empty; write what the training function"):
        READERS["metric"](DEFAULTS["metric"], "metric")


def test_lists_of_tags_and_notes_are_cleaned() -> None:
    assert READERS["tags"](" a,, b ,a", "tags") == ["a", "b"]
    assert READERS["tags"](" , ", "tags") is None
    assert READERS["notes"]("one\ttwo\n three \n", "notes") == "one two\nthree"
