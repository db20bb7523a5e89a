"""The lasting report of a search: HTML that needs nothing else."""

import base64
import gzip
import uuid
from collections.abc import Iterable
from pathlib import Path

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.widgets.base.markup import STYLE, escape, link
from tune_wandb_nb.widgets.report.picture import picture_tag
from tune_wandb_nb.widgets.report.status import errors_html, status_html, top_trials_html

__all__ = ["BUNDLE", "STYLES", "interactive", "report_page", "still_report"]

BUNDLE = Path(__file__).parents[1] / "dashboard" / "static" / "trials_view.js"
STYLES = BUNDLE.with_suffix(".css")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin:0 auto;padding:12px 16px;max-width:1800px">
{body}
</body></html>
"""

_INTERACTIVE = """<div id="{name}"><div class="twp-app"></div><div class="twp-still">
{still}
</div>
<style>{styles}</style>
<script type="application/octet-stream" class="twp-bundle">{bundle}</script>
<script type="application/octet-stream" class="twp-data" id="twp-data-{name}">{data}</script>
<script>{script}</script></div>"""

# The still report stays if scripts do not run or the browser is too old.
_SCRIPT = """(() => {
  const root = document.getElementById("NAME");
  const of = (part) => root.querySelector(".twp-" + part);
  const draw = async () => {
    const packed = Uint8Array.from(atob(of("bundle").textContent), (c) => c.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const source = await new Response(plain).blob();
    const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
    try {
      const {mount} = await import(url);
      await mount(of("app"), of("data").textContent.trim());
      of("still").hidden = true;
    } finally {
      URL.revokeObjectURL(url);
    }
  };
  const seen = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      seen.disconnect();
      draw().catch((error) => console.warn("tune-wandb-nb: the still report stays:", error));
    }
  });
  seen.observe(root);
})();"""


def still_report(
    snapshot: BoardSnapshot, png: bytes | None, links: Iterable[tuple[str, str]] = ()
) -> str:
    linked = " · ".join(link(url, text) for url, text in links)
    errors = errors_html(snapshot)
    return "\n".join(
        [
            STYLE,
            status_html(snapshot),
            f'<div class="twp">{linked}</div>' if linked else "",
            picture_tag(png),
            top_trials_html(snapshot),
            f"<details><summary>Errors</summary>{errors}</details>" if errors else "",
        ]
    )


def interactive(lasting: bytes, still: str) -> str:
    name = f"twp-{uuid.uuid4().hex}"
    return _INTERACTIVE.format(
        name=name,
        still=still,
        styles=STYLES.read_text(encoding="utf-8"),
        bundle=base64.b64encode(gzip.compress(BUNDLE.read_bytes(), mtime=0)).decode(),
        data=base64.b64encode(lasting).decode(),
        script=_SCRIPT.replace("NAME", name),
    )


def report_page(fragment: str, title: str = "") -> str:
    return _PAGE.format(body=fragment, title=escape(title or "Ray Tune search"))
