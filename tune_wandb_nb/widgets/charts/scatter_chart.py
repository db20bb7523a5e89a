"""The live scatter plot of one hyperparameter against the metric."""

from collections.abc import Iterable

import bqplot
import ipywidgets
import numpy as np

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.parallel import scatter_data
from tune_wandb_nb.tuning.chart_data.wording import describe_params, digits_between, number, shorten
from tune_wandb_nb.widgets.base.palette import SCALE
from tune_wandb_nb.widgets.charts.text_mark import text_mark, write_texts

__all__ = ["ScatterChart"]

_MARGIN = {"top": 10, "bottom": 12, "left": 60, "right": 16}
_PADDING, _CATEGORY_PADDING = 0.06, 0.15
# The tick texts need more padding below the points than there is above them.
_PADDING_BELOW, _PADDING_ABOVE = 0.2, 0.06


class ScatterChart(ipywidgets.VBox):
    """One point per trial; the values decide whether the axis is linear, log or categorical."""

    def __init__(self, height: str = "220px") -> None:
        self._x = bqplot.LinearScale(min=-_PADDING, max=1 + _PADDING)
        self._y = bqplot.LinearScale()
        color = bqplot.ColorScale(min=0, max=1, colors=list(SCALE))
        self.points = bqplot.Scatter(
            x=np.zeros(0),
            y=np.zeros(0),
            scales={"x": self._x, "y": self._y, "color": color},
            default_size=36,
            display_names=False,
            names_unique=False,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        bottom = {"x": self._x, "y": bqplot.LinearScale(min=0, max=1)}
        self.ticks = text_mark(bottom, size=11, align="middle", y_offset=-5)
        self._y_axis = bqplot.Axis(scale=self._y, orientation="vertical", tick_format=".3~g")
        self.figure = bqplot.Figure(
            marks=[self.points, self.ticks],
            axes=[self._y_axis],
            fig_margin=_MARGIN,
            background_style={"fill-opacity": "0"},
            layout=ipywidgets.Layout(width="100%", height=height),
        )
        super().__init__([self.figure])
        self.add_class("twn-halo")

    def show(
        self,
        snapshot: BoardSnapshot,
        metric: str | None,
        param: str | None,
        log: Iterable[str] = (),
    ) -> int:
        """Draw a snapshot; return the approximate number of bytes sent to the browser."""
        data = scatter_data(snapshot, metric, param, log=log)
        if data is None:
            with self.points.hold_sync():
                self.points.x = self.points.y = np.zeros(0)
            write_texts(self.ticks, ())
            return 0
        names = [
            f"{shorten(trial.name, 40)}  {number(value)}  {describe_params(trial.params)}"
            for trial, value in zip(data.trials, data.y.tolist(), strict=True)
        ]
        padding = _CATEGORY_PADDING if data.axis.kind == "category" else _PADDING
        with self._x.hold_sync():
            self._x.min, self._x.max = -padding, 1 + padding
        write_texts(self.ticks, ((at, 0, text) for at, text in data.axis.ticks))
        self._fit_y_axis(float(data.y.min()), float(data.y.max()))
        with self.points.hold_sync():
            self.points.x = data.x.astype(np.float32)
            self.points.y = data.y.astype(np.float32)
            self.points.color = data.goodness.astype(np.float32)
            self.points.names = np.array(names)
        return 12 * len(names) + sum(map(len, names))

    def _fit_y_axis(self, low: float, high: float) -> None:
        self._y_axis.tick_format = f".{digits_between(low, high)}~g"
        span = high - low or abs(low) or 1.0
        with self._y.hold_sync():
            self._y.min, self._y.max = low - _PADDING_BELOW * span, high + _PADDING_ABOVE * span
