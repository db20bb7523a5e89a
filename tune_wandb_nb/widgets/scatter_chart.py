"""The live scatter of one hyperparameter against the metric."""

from collections.abc import Iterable

import bqplot
import ipywidgets
import numpy as np

from tune_wandb_nb.tuning.parallel import scatter_data
from tune_wandb_nb.tuning.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.wording import describe_params, digits_between, number, shorten
from tune_wandb_nb.widgets.palette import GREY, SCALE

__all__ = ["ScatterChart"]

_MARGIN = {"top": 10, "bottom": 40, "left": 60, "right": 16}
_ROOM = 0.06


class ScatterChart(ipywidgets.VBox):
    """One point a trial; the axis is linear, logarithmic or by category as the values are."""

    def __init__(self, height: str = "220px") -> None:
        x = bqplot.LinearScale(min=-_ROOM, max=1 + _ROOM)
        self._y = bqplot.LinearScale()
        color = bqplot.ColorScale(min=0, max=1, colors=list(SCALE))
        self.points = bqplot.Scatter(
            x=np.zeros(0),
            y=np.zeros(0),
            scales={"x": x, "y": self._y, "color": color},
            default_size=36,
            display_names=False,
            names_unique=False,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        self._x_axis = bqplot.Axis(scale=x, label_offset="32px", label_color=GREY)
        self._y_axis = bqplot.Axis(scale=self._y, orientation="vertical", tick_format=".3~g")
        self.figure = bqplot.Figure(
            marks=[self.points],
            axes=[self._x_axis, self._y_axis],
            fig_margin=_MARGIN,
            background_style={"fill-opacity": "0"},
            layout=ipywidgets.Layout(width="100%", height=height),
        )
        super().__init__([self.figure])

    def show(
        self,
        snapshot: BoardSnapshot,
        metric: str | None,
        param: str | None,
        log: Iterable[str] = (),
    ) -> int:
        """Draw what the snapshot holds; return roughly how many bytes went to the browser."""
        data = scatter_data(snapshot, metric, param, log=log)
        if data is None:
            with self.points.hold_sync():
                self.points.x = self.points.y = np.zeros(0)
            return 0
        names = [
            f"{shorten(trial.name, 40)}  {number(value)}  {describe_params(trial.params)}"
            for trial, value in zip(data.trials, data.y.tolist(), strict=True)
        ]
        ticks = [(round(at, 6), text) for at, text in data.axis.ticks]
        with self._x_axis.hold_sync():
            self._x_axis.label = shorten(data.axis.name, 40)
            self._x_axis.tick_values = np.array([at for at, _ in ticks])
            # The browser looks labels up by the number as JavaScript writes it: 1, not 1.0.
            self._x_axis.tick_labels = {f"{at:.6g}": text for at, text in ticks}
        low, high = float(data.y.min()), float(data.y.max())
        self._y_axis.tick_format = f".{digits_between(low, high)}~g"
        with self.points.hold_sync():
            self.points.x = data.x.astype(np.float32)
            self.points.y = data.y.astype(np.float32)
            self.points.color = data.goodness.astype(np.float32)
            self.points.names = np.array(names)
        return 12 * len(names) + sum(map(len, names))
