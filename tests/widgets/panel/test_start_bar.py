from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from tune_wandb_nb.widgets.panel.start_bar import StartBar


def bar_with(calls: list[Any]) -> StartBar:
    return StartBar(
        lambda: calls.append("start"),
        lambda: calls.append("stop"),
        lambda: calls.append("resume"),
        calls.append,
    )


def visible(bar: StartBar) -> set[str]:
    buttons = (child for child in bar.children if isinstance(child, ipywidgets.Button))
    return {button.description for button in buttons if button.layout.display != "none"}


@pytest.mark.parametrize(
    ("status", "buttons"),
    [
        ("new", {"Start"}),
        ("running", {"Stop", "Hide the form"}),
        ("stopping", {"Stop", "Hide the form"}),
        ("stopped", {"Start again", "Resume", "Hide the form"}),
        ("finished", {"Start again", "Hide the form"}),
        ("failed", {"Start again", "Hide the form"}),
    ],
)
def test_the_buttons_fit_the_status(status: str, buttons: set[str]) -> None:
    bar = bar_with([])
    bar.show(status)
    assert visible(bar) == buttons
    assert bar.stop.disabled == (status == "stopping")
    assert bar.is_running == (status in ("running", "stopping"))


def test_buttons_call_and_fold() -> None:
    calls: list[Any] = []
    bar = bar_with(calls)
    for button in (bar.start, bar.stop, bar.resume, bar.edit, bar.edit):
        button.click()
    assert calls == ["start", "stop", "resume", True, False]


def test_start_needs_a_function_and_a_form_without_problems() -> None:
    bar = bar_with([])
    bar.check(0, has_function=False)
    assert bar.start.disabled
    assert "No training function yet" in bar.message.value
    bar.check(1, has_function=True)
    assert bar.start.disabled
    assert "1 thing is to be put right first" in bar.message.value
    bar.check(0, has_function=True)
    assert not bar.start.disabled
    assert "Ready" in bar.message.value


def test_an_error_of_a_call_is_shown_escaped() -> None:
    def fail() -> None:
        raise RuntimeError("<b>no Ray</b>")

    bar = StartBar(fail, fail, fail, lambda _: None)
    bar.start.click()
    assert "&lt;b&gt;no Ray" in bar.message.value


def test_the_summary_is_shown_once_a_search_was_started() -> None:
    bar = bar_with([])
    bar.summary = ["<digits>", "4 trials"]
    bar.show("running")
    assert "&lt;digits&gt; · 4 trials" in bar.message.value
