from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainable_functions import quick
from tests.widgets.panels import (
    button,
    every_html,
    space,
    train,
)
from tune_wandb_nb import SetupPanel
from tune_wandb_nb.tuning.form.last_setup import recall
from tune_wandb_nb.widgets.panel.start_bar import RestoreOffer

pytestmark = pytest.mark.usefixtures("no_key")


def test_the_last_values_are_offered_again() -> None:
    first = SetupPanel(train, space(f=print))
    first.set(samples=77, project="digits")
    second = SetupPanel(train)
    assert second.fields["samples"].text == "10"
    button(second, "Use them").click()
    assert second.fields["samples"].text == "77"
    assert list(second.search_space) == ["x"]
    assert "lacks them: f" in every_html(second)
    other = SetupPanel(quick)
    assert recall(quick) is None
    assert "still here" not in every_html(other)


def test_an_offer_that_cannot_be_read_is_said(wandb_home: Path) -> None:
    SetupPanel(train).set(samples=77)
    for path in (wandb_home / "state").iterdir():
        path.write_text('{"version": 99}')
    panel = SetupPanel(train)
    button(panel, "Use them").click()
    assert "the version here is 99" in every_html(panel)
    assert panel.fields["samples"].text == "10"


def test_the_offer_is_hidden_until_shown_and_after_its_answer() -> None:
    restored: list[str] = []
    offer = RestoreOffer(lambda text: restored.append(text) or "")  # type: ignore[func-returns-value]
    assert offer.layout.display == "none"
    offer.show("a setup")
    assert offer.layout.display is None
    offer.dismiss.click()
    assert (offer.layout.display, restored) == ("none", [])
    offer.show("a setup")
    offer.use.click()
    assert (offer.layout.display, restored) == ("none", ["a setup"])


def test_a_message_stays_until_it_is_dismissed() -> None:
    offer = RestoreOffer(lambda _: "<b>not all</b>")
    offer.show("a setup")
    offer.use.click()
    assert "&lt;b&gt;not all" in offer.message.value
    assert offer.use.layout.display == "none"
    assert offer.layout.display is None
    offer.dismiss.click()
    assert offer.layout.display == "none"
