from __future__ import annotations

import pytest

from tests.widgets.panels import (
    start_button,
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.tuning.form.setup_fields import FieldProblem
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.space_editor import SpaceEditor

pytestmark = pytest.mark.usefixtures("no_key")


def test_added_duplicated_moved_and_removed() -> None:
    panel = SetupPanel(train)
    editor = panel.space
    editor.lines[0].buttons["copy"].click()
    assert [row.name for row in editor.rows] == ["lr", "lr_2", "momentum"]
    editor.lines[2].buttons["up"].click()
    editor.lines[0].buttons["down"].click()
    assert [row.name for row in editor.rows] == ["momentum", "lr", "lr_2"]
    gone = editor.lines[1]
    gone.buttons["remove"].click()
    gone.buttons["up"].click()
    assert list(panel.search_space) == ["momentum", "lr_2"]
    editor.add.click()
    assert "the name is empty" in editor.lines[2].message.value
    assert start_button(panel).disabled
    editor.lines[2].name.value = "new/name"
    assert panel.search_space.to_param_space()["new"]["name"].upper == 1.0
    assert not start_button(panel).disabled


def test_a_row_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match="there is no row named 'lr'; add one with insert"):
        SpaceEditor(lambda: None).row("lr")


def test_a_problem_is_shown_in_its_row() -> None:
    editor = SpaceEditor(lambda: None)
    editor.rows = [Row("a", "constant", {"value": "1"}), Row("b", "constant", {"value": "2"})]
    editor.show([FieldProblem("space", "no good", row=1)])
    first, second = editor.lines
    assert first.message.value == ""
    assert "no good" in second.message.value
    editor.show([])
    assert second.message.value == ""


def test_the_first_row_cannot_go_up_and_the_last_not_down() -> None:
    editor = SpaceEditor(lambda: None)
    editor.rows = [Row("a", "constant", {"value": "1"}), Row("b", "constant", {"value": "2"})]
    assert [line.buttons["up"].disabled for line in editor.lines] == [True, False]
    assert [line.buttons["down"].disabled for line in editor.lines] == [False, True]
    assert editor.empty.layout.display == "none"
    editor.rows = []
    assert editor.empty.layout.display is None
