from __future__ import annotations

import pytest

from tests.widgets.panels import (
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.space_editor import SpaceRow

pytestmark = pytest.mark.usefixtures("no_key")


def test_what_is_typed_is_there_again_when_the_kind_comes_back() -> None:
    row = SetupPanel(train).space.row("lr")
    row.texts["lower"].value = "abc"
    row.kind.value = "choice"
    row.texts["values"].value = "1, 2"
    row.kind.value = "loguniform"
    assert row.texts["lower"].value == "abc"
    assert "lower must be a number" in row.message.value
    assert row.preview.value == ""


@pytest.mark.parametrize(("kind", "label"), [("randint", "below"), ("qrandint", "upper")])
def test_an_excluded_upper_end_is_labelled_so(kind: str, label: str) -> None:
    row = SpaceRow(Row("a", kind, {"lower": "1", "upper": "5"}), lambda: None, lambda *_: None)
    assert row.texts["upper"].description == label


def test_a_click_and_a_text_reach_the_editor() -> None:
    changes: list[int] = []
    actions: list[tuple[SpaceRow, str]] = []
    row = SpaceRow(
        Row("a", "constant", {"value": "1"}),
        lambda: changes.append(1),
        lambda row, action: actions.append((row, action)),
    )
    for action in ("up", "down", "copy", "remove"):
        row.buttons[action].click()
    assert actions == [(row, action) for action in ("up", "down", "copy", "remove")]
    assert changes == []
    row.texts["value"].value = "2"
    row.name.value = "b"
    assert len(changes) == 2
    assert row.row == Row("b", "constant", {"value": "2"})
