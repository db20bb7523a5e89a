"""A bqplot mark for texts inside a chart, such as the tick labels of an axis."""

from collections.abc import Iterable, Mapping
from typing import Any

import bqplot
import numpy as np

from tune_wandb_nb.widgets.base.palette import GREY

__all__ = ["text_mark", "write_texts"]


def text_mark(
    scales: Mapping[str, Any], *, size: int = 10, align: str = "start", **given: Any
) -> Any:
    """Return a mark without texts.

    The mark replaces the tick labels of bqplot's own axis. That axis shows bare positions if its
    labels change while it is being drawn, and a live search changes them at any time.
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
    """Replace the mark's texts; each one comes with its x and y."""
    labels = list(texts)
    with mark.hold_sync():
        mark.x = np.array([x for x, _, _ in labels], dtype=np.float32)
        mark.y = np.array([y for _, y, _ in labels], dtype=np.float32)
        mark.text = np.array([text for _, _, text in labels], dtype="U")
