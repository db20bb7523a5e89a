"""The static report of a search: HTML that needs no kernel, no network and no other file."""

from collections.abc import Iterable

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.widgets.base.markup import STYLE, link
from tune_wandb_nb.widgets.charts.picture import picture_tag
from tune_wandb_nb.widgets.dashboard.status import errors_html, status_html, top_trials_html

__all__ = ["report_fragment", "report_page"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ray Tune search</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="max-width:1000px;margin:24px auto;padding:0 16px;color:#222">
{body}
</body></html>
"""


def report_fragment(
    snapshot: BoardSnapshot, png: bytes | None, links: Iterable[tuple[str, str]] = ()
) -> str:
    """Return the status, links from (URL, text), the picture, the top trials and the errors."""
    linked = " · ".join(link(url, text) for url, text in links)
    errors = errors_html(snapshot)
    return "\n".join(
        [
            STYLE,
            status_html(snapshot),
            f'<div class="twn">{linked}</div>' if linked else "",
            picture_tag(png),
            top_trials_html(snapshot),
            f"<details><summary>Errors</summary>{errors}</details>" if errors else "",
        ]
    )


def report_page(fragment: str) -> str:
    """Return a complete HTML page around a fragment."""
    return _PAGE.format(body=fragment)
