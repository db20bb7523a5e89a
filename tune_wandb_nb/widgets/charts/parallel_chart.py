"""The live parallel coordinates of the hyperparameters and one metric."""

from collections.abc import Iterable
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.parallel import ParallelData, parallel_data
from tune_wandb_nb.tuning.chart_data.wording import describe_params, shorten
from tune_wandb_nb.widgets.base.palette import GREY, SCALE
from tune_wandb_nb.widgets.charts.text_mark import text_mark, write_texts

__all__ = ["ParallelChart"]

_MARGIN = {"top": 4, "bottom": 4, "left": 8, "right": 8}
# Axis names and ticks lie inside the plot area, since bqplot cuts off everything outside of it.
_LEFT, _RIGHT, _BELOW, _ABOVE = 0.2, 0.45, -0.06, 1.16


class ParallelChart(ipywidgets.VBox):
    """One line per trial across one vertical axis per hyperparameter, coloured by the metric."""

    def __init__(self, height: str = "260px") -> None:
        self._scales = {
            "x": bqplot.LinearScale(min=-_LEFT, max=1 + _RIGHT),
            "y": bqplot.LinearScale(min=_BELOW, max=_ABOVE),
        }
        color = bqplot.ColorScale(min=0, max=1, colors=list(SCALE))
        self.lines = bqplot.Lines(
            x=np.zeros(0),
            y=np.zeros(0),
            scales={**self._scales, "color": color},
            stroke_width=1.5,
            opacities=[0.75] * 300,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        self._axis_lines = bqplot.Lines(
            x=np.zeros(0), y=np.zeros(0), scales=self._scales, colors=[GREY], stroke_width=1
        )
        self.ticks = text_mark(self._scales, x_offset=6, y_offset=4)
        self.titles = text_mark(self._scales, size=12, align="middle", y_offset=-12)
        self.figure = bqplot.Figure(
            marks=[self._axis_lines, self.lines, self.ticks, self.titles],
            fig_margin=_MARGIN,
            background_style={"fill-opacity": "0"},
            padding_y=0,
            layout=ipywidgets.Layout(width="100%", height=height),
        )
        self.note = ipywidgets.HTML()
        super().__init__([self.note])
        self.add_class("twn-halo")

    def show(self, snapshot: BoardSnapshot, metric: str | None, log: Iterable[str] = ()) -> int:
        """Draw a snapshot; return the approximate number of bytes sent to the browser."""
        data = parallel_data(snapshot, metric, log=log)
        self.note.value = f'<div class="twn soft">{_summary(data, snapshot)}</div>'
        if data is None or len(data.axes) == 1:
            self.children = [self.note]
            return 0
        # Added with its first data, never hidden: bqplot cannot draw a figure without a size.
        self.children = [self.figure, self.note]
        order = np.argsort(data.goodness)  # the best lines on top
        rows = data.rows[order].astype(np.float32)
        positions = np.arange(len(data.axes), dtype=np.float32)
        labels = [
            f"{shorten(data.trials[i].name, 40)}   {describe_params(data.trials[i].params)}"
            for i in order
        ]
        self._scales["x"].max = len(data.axes) - 1 + _RIGHT
        with self.lines.hold_sync():
            self.lines.x, self.lines.y = positions, rows
            self.lines.color = data.goodness[order].astype(np.float32)
            self.lines.labels = labels
        self._draw_axes(data, positions)
        return int(rows.nbytes + sum(map(len, labels)))

    def _draw_axes(self, data: ParallelData, positions: Any) -> None:
        with self._axis_lines.hold_sync():
            self._axis_lines.x = np.repeat(positions[:, None], 2, axis=1)
            self._axis_lines.y = np.tile(np.array([0, 1], dtype=np.float32), (len(positions), 1))
        write_texts(
            self.ticks,
            ((i, at, text) for i, axis in enumerate(data.axes) for at, text in axis.ticks),
        )
        longest = max(8, 84 // len(data.axes))
        names = (shorten(axis.name, longest) for axis in data.axes)
        write_texts(self.titles, ((i, 1, name) for i, name in enumerate(names)))


def _summary(data: ParallelData | None, snapshot: BoardSnapshot) -> str:
    if data is None:
        return "Parallel coordinates appear with the first result."
    if len(data.axes) == 1:
        if any(trial.params for trial in snapshot.trials):
            return "Parallel coordinates appear when trials differ in a hyperparameter."
        return "This search has no hyperparameters to compare."
    shown = f"{len(data.trials)} trials, orange is best"
    return shown + (f"; {data.left_out} more are left out" if data.left_out else "")
