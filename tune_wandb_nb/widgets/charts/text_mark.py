"""Texts in a chart, such as those beside the ticks of an axis, drawn as a mark."""

from collections.abc import Iterable, Mapping
from typing import Any

import bqplot
import numpy as np

from tune_wandb_nb.widgets.base.palette import GREY

__all__ = ["text_mark", "write_texts"]


def text_mark(
    scales: Mapping[str, Any], *, size: int = 10, align: str = "start", **given: Any
) -> Any:
    """Make a mark without texts.

    bqplot's own axis writes bare positions where its labels change while it is being drawn, and a
    live search changes them at any time.
    """
    return bqplot.Label(
        x=np.zeros(0),
        y=np.zeros(0),
        text=np.array([], dtype="U1"),
        scales=dict(scales),
        colors=[GREY],
        default_size=size,
        font_weight="normal",
        align=align,
        **given,
    )


def write_texts(mark: Any, texts: Iterable[tuple[float, float, str]]) -> None:
    """Put texts, each with its x and y, in the place of those before."""
    given = list(texts)
    with mark.hold_sync():
        mark.x = np.array([x for x, _, _ in given], dtype=np.float32)
        mark.y = np.array([y for _, y, _ in given], dtype=np.float32)
        mark.text = np.array([text for _, _, text in given], dtype="U")
