from __future__ import annotations

import ipywidgets
import pytest

from tests.widgets.evil import EVIL, EVIL_IMAGE
from tests.widgets.panels import (
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.widgets.form.field import (
    Field,
    checkbox_field,
    dropdown_field,
    text_field,
    textarea_field,
)

pytestmark = pytest.mark.usefixtures("no_key")


def test_suggestions_are_texts_and_no_html() -> None:
    panel = SetupPanel(train)
    panel.fields["metric"].suggest(["loss", "", EVIL_IMAGE, "a&b", "val/loss"])
    assert panel.fields["metric"].control.options == ("loss", "val/loss")


@pytest.mark.parametrize(
    ("field", "texts"),
    [
        pytest.param(text_field("samples"), ["", "8"], id="text"),
        pytest.param(text_field("metric", suggestions=()), ["", "loss"], id="combobox"),
        pytest.param(textarea_field("notes"), ["", "a\nb"], id="textarea"),
        pytest.param(
            dropdown_field("mode", [("lowest", "min"), ("highest", "max")]),
            ["min", "max"],
            id="dropdown",
        ),
        pytest.param(checkbox_field("work offline"), ["", "yes"], id="checkbox"),
    ],
)
def test_every_control_has_its_value_as_text(field: Field, texts: list[str]) -> None:
    changes: list[str] = []
    field.on_change(lambda: changes.append(field.text))
    assert field.text == texts[0]
    for text in reversed(texts):
        field.text = text
        assert field.text == text
    assert changes == texts[::-1]


def test_a_problem_hides_the_warning_and_a_warning_the_hint() -> None:
    field = text_field("samples", hint="a number")
    assert 'class="twp-said hint">a number<' in field.message.value
    field.show(warning="many")
    assert 'class="twp-said odd">many<' in field.message.value
    field.show("too many", "many")
    assert 'class="twp-said bad">too many<' in field.message.value
    field.show()
    assert "a number" in field.message.value


def test_an_empty_message_takes_no_room() -> None:
    assert text_field("samples").message.layout.display == "none"


def test_label_and_message_are_escaped() -> None:
    field = Field(ipywidgets.Text(), EVIL)
    field.show(EVIL)
    assert "<script" not in field.children[0].value + field.message.value
