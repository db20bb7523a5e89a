from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from tune_wandb_nb.widgets.base.static_output import StaticOutput

PNG, HTML = "image/png", "text/html"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], str | None]]:
    """What was displayed or updated: the bundle and the id of its display."""
    calls: list[tuple[dict[str, Any], str | None]] = []

    def display(data: dict[str, Any], *, raw: bool, display_id: str | None = None) -> None:
        assert raw
        calls.append((data, display_id))

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("IPython.display.update_display", display)
    return calls


def test_the_output_below_the_widget_is_filled_at_the_end(shown: list[Any]) -> None:
    output, widget = StaticOutput(), ipywidgets.HTML("live")
    output.display(widget, None)
    (view, _), (empty, display_id) = shown
    assert view["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert empty[HTML] == ""
    output.update(lambda: "<b>report</b>", lambda: b"png")
    final, updated_id = shown[-1]
    assert updated_id == display_id
    assert "<b>report</b>" in final[HTML]
    assert final[PNG] == "cG5n"


def test_a_widget_displayed_after_the_end_has_its_report_at_once(shown: list[Any]) -> None:
    StaticOutput().display(ipywidgets.HTML("live"), lambda: "<b>report</b>")
    assert "<b>report</b>" in shown[-1][0][HTML]
    assert PNG not in shown[-1][0]


def test_nothing_is_rendered_where_nothing_was_displayed(shown: list[Any]) -> None:
    def render() -> Any:
        raise AssertionError("nothing was displayed")

    StaticOutput().update(render, render)
    assert shown == []


def test_the_live_widget_hides_its_own_static_output_only(shown: list[Any]) -> None:
    first, second = StaticOutput(), StaticOutput()
    for output in (first, second):
        output.display(ipywidgets.HTML("live"), lambda: "report")
    static_class = shown[1][0][HTML].split('"')[1]
    assert first.live_class != second.live_class
    assert f".{first.live_class}" in first.hide_while_live
    assert f".{static_class} {{display: none;}}" in first.hide_while_live
    assert static_class not in second.hide_while_live
