import base64
import io
from typing import Any

import numpy as np

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.picture_data import (
    CurveData,
    ParallelData,
    curve_data,
    join,
    parallel_data,
)
from tune_wandb_nb.tuning.chart_data.wording import shorten
from tune_wandb_nb.widgets.base.palette import BEST, GREY, blend

__all__ = ["picture_png", "picture_tag"]

_COLORS = 96
_INK, _SOFT = "#333333", "#777777"


def picture_png(snapshot: BoardSnapshot) -> bytes | None:
    """Draw without matplotlib's global state."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metric = snapshot.shown_metric
    curves = curve_data(snapshot, metric, best=len(BEST))
    parallel = parallel_data(snapshot, metric)
    if not curves.lines:
        return None
    panels = 2 if parallel is not None and len(parallel.axes) > 1 else 1
    # A name may look like mathematics.
    with rc_context({"text.parse_math": False, "font.size": 9}):
        figure = Figure(figsize=(9, 3.1 * panels), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(panels, 1, squeeze=False)[:, 0]
        _draw_curves(axes[0], curves)
        if panels > 1 and parallel is not None:
            _draw_parallel(axes[1], parallel)
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=100)
    return _smaller(png)


def _smaller(png: io.BytesIO) -> bytes:
    # It is in a notebook's file twice; few colours make it a third as large.
    from PIL import Image

    smaller = io.BytesIO()
    with Image.open(png) as picture:
        few = picture.convert("RGB").quantize(_COLORS, Image.Quantize.FASTOCTREE, dither=0)
        few.save(smaller, format="png", optimize=True)
    return smaller.getvalue()


def picture_tag(png: bytes | None) -> str:
    if png is None:
        return ""
    data = base64.b64encode(png).decode()
    return (
        f'<img style="max-width:100%;height:auto" alt="curves and parallel coordinates"'
        f' src="data:image/png;base64,{data}">'
    )


def _draw_curves(ax: Any, data: CurveData) -> None:
    if data.others:
        ax.plot(*join(data.others), color=GREY, alpha=0.4, linewidth=0.8)
    for color, line in zip(BEST, data.best, strict=False):
        dot = "o" if len(line.x) == 1 else None
        ax.plot(line.x, line.y, color=color, lw=1.8, marker=dot, label=shorten(line.trial.name))
    ax.set_xlabel("iteration", color=_SOFT)
    ax.set_ylabel(shorten(data.metric or "", 40), color=_SOFT)
    if data.best:
        ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(visible=True, color="#e8e8e8", linewidth=0.6)
    ax.tick_params(colors=_INK)


def _draw_parallel(ax: Any, data: ParallelData) -> None:
    positions = np.arange(len(data.axes))
    for i in np.argsort(data.goodness):
        color = blend(float(data.goodness[i]))
        ax.plot(positions, data.rows[i], color=color, alpha=0.75, linewidth=1.1)
    for position, axis in zip(positions, data.axes, strict=True):
        ax.axvline(position, color=GREY, linewidth=0.8)
        for at, text in axis.ticks:
            ax.annotate(text, (position, at), (3, 0), textcoords="offset points", fontsize=7)
    longest = max(8, 84 // len(data.axes))
    ax.set_xticks(positions, [shorten(axis.name, longest) for axis in data.axes])
    ax.xaxis.tick_top()
    ax.set_yticks([])
    ax.tick_params(length=0, colors=_INK)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.margins(x=0.06)
