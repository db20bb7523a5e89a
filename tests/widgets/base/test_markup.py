from __future__ import annotations

import pytest

from tests.widgets.evil import EVIL
from tests.widgets.tags import Tags
from tune_wandb_nb.widgets.base.markup import (
    bar,
    escape,
    link,
    name_tag,
    params_text,
    safe_html,
    table,
)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(escape(EVIL), id="escape"),
        pytest.param(link(f"https://x/{EVIL}", EVIL), id="link"),
        pytest.param(name_tag(EVIL, 200, EVIL), id="name"),
        pytest.param(params_text({EVIL: EVIL}), id="params"),
        pytest.param(bar([(0.5, "red", EVIL)], EVIL), id="bar"),
        pytest.param(table([EVIL], [[EVIL]]), id="table"),
    ],
)
def test_every_text_is_escaped(html: str) -> None:
    tags = Tags(html)
    assert not {"script", "img"} & set(tags.found)
    assert tags.handlers == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "wandb.ai/e/p"])
def test_a_link_that_is_not_http_is_plain_text(url: str) -> None:
    assert link(url, "the page") == "the page"


def test_a_table_aligns_numbers_and_inserts_safe_html_as_it_is() -> None:
    html = table(
        ["trial", "score", "ok"], [["a", 0.123456, True], [safe_html("<b>b</b>"), 2, False]]
    )
    assert '<td class="num">0.1235</td>' in html
    assert '<th class="num">score</th>' in html
    assert "<td><b>b</b></td>" in html
    assert '<td class="num">True' not in html, "a boolean is no number"


def test_a_long_name_is_shortened_and_its_tooltip_is_not() -> None:
    name = "train_" + "x" * 60
    html = name_tag(name, 20)
    assert f'title="{name}"' in html
    assert f">{name}<" not in html


def test_parts_without_a_share_are_not_in_the_bar() -> None:
    html = bar([(0.25, "red", "1 failed"), (0.0, "blue", "0 done")], "1 of 4 trials")
    assert "width:25.00%" in html
    assert "0 done" not in html
