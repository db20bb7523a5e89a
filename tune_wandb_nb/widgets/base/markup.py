"""Builders of small HTML fragments, all escaped, and their shared style sheet."""

import html
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from tune_wandb_nb.tuning.chart_data.wording import describe_params, number, shorten

__all__ = [
    "STYLE",
    "bar",
    "escape",
    "link",
    "name_tag",
    "note",
    "params_text",
    "safe_html",
    "show_html",
    "table",
]

_NUMERIC = ' class="num"'

STYLE = """<style>
.twp {font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px;
  line-height: 1.45; color: var(--jp-ui-font-color1, inherit); font-variant-numeric: tabular-nums;}
.twp table {border-collapse: collapse; margin: 0; font-size: 12px;
  table-layout: auto !important;}
.twp th {font-weight: 600; text-align: left; color: var(--jp-ui-font-color2, #666);}
.twp th, .twp td {padding: 2px 10px 2px 0; white-space: nowrap; text-align: left !important;
  background: none; border: 0;}
.twp table.fit {width: 100%;}
.twp table.fit td:last-child, .twp table.fit th:last-child {width: 99%; max-width: 0;
  overflow: hidden; text-overflow: ellipsis; padding-right: 0;}
.twp td.num, .twp th.num {text-align: right !important;}
.twp a {color: var(--jp-content-link-color, #0072b2); text-decoration: underline;}
.twp .soft {color: var(--jp-ui-font-color2, #666);}
.twp .head {font-size: 13px; font-weight: 600;}
.twp .bar {display: flex; height: 8px; border-radius: 4px; overflow: hidden;
  background: var(--jp-layout-color3, #ddd); margin: 6px 0;}
.twp .dot {display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 5px;}
.twp .facts {display: flex; flex-wrap: wrap; gap: 2px 18px;}
.twp .facts span {white-space: nowrap;}
.twp .best {margin-top: 4px; overflow-wrap: anywhere;}
.twp .note {padding: 8px 12px; border-left: 3px solid #56b4e9; margin: 4px 0;
  background: var(--jp-layout-color2, #f3f3f3); overflow-wrap: anywhere;}
.twp .note.bad {border-left-color: #d55e00;}
.twp pre {white-space: pre-wrap; overflow-wrap: anywhere; font-size: 11px; line-height: 1.35;
  margin: 4px 0 8px; color: inherit; background: none;}
.twp details summary {cursor: pointer;}
.twp-tune {overflow-x: auto;}
.twp-tune table {font-size: 11px;}
.twp-tune .tuneStatus {display: block;}
</style>"""


def escape(value: object) -> str:
    return html.escape(str(value), quote=True)


def link(url: str, text: str) -> str:
    if not url.startswith(("https://", "http://")):
        return escape(text)
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(text)}</a>'


def name_tag(text: str, longest: int = 28, title: str = "") -> str:
    tip = f"{text} {title}".strip()
    return f'<span title="{escape(tip)}">{escape(shorten(text, longest))}</span>'


def note(text: str) -> str:
    """``text`` is HTML."""
    return f'<div class="twp"><div class="note">{text}</div></div>'


def params_text(params: Mapping[str, Any], most: int = 8) -> str:
    every = describe_params(params, most=len(params))
    return f'<span title="{escape(every)}">{escape(describe_params(params, most))}</span>'


def bar(parts: Iterable[tuple[float, str, str]], label: str) -> str:
    """``parts`` are shares, colours and tooltips."""
    inner = "".join(
        f'<div style="width:{share * 100:.2f}%;background:{color}" title="{escape(title)}"></div>'
        for share, color, title in parts
        if share > 0
    )
    return f'<div class="bar" role="img" aria-label="{escape(label)}">{inner}</div>'


def table(head: Iterable[str], rows: Iterable[Iterable[object]], style: str = "") -> str:
    """With the style "fit" it fills the width, and long cells of the last column are cut."""
    cells = [[_cell(value) for value in row] for row in rows]
    first = cells[0] if cells else []
    heads = "".join(
        f"<th{_NUMERIC if cell.startswith(f'<td{_NUMERIC}') else ''}>{escape(shorten(title))}</th>"
        for title, cell in itertools.zip_longest(head, first, fillvalue="")
    )
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in cells)
    return f'<table class="{style}"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _cell(value: object) -> str:
    if isinstance(value, _SafeHtml):
        return f"<td>{value}</td>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<td{_NUMERIC}>{escape(number(value))}</td>"
    return f"<td>{name_tag(number(value))}</td>"


class _SafeHtml(str):
    __slots__ = ()


def safe_html(text: str) -> str:
    """Mark HTML that `table` inserts as it is."""
    return _SafeHtml(text)


def show_html(widget: Any, html: str) -> None:
    """Hide the widget if there is nothing to show."""
    widget.value = html
    widget.layout.display = None if html else "none"
