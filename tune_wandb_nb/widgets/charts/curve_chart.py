"""The live chart of one metric's curves."""

from collections.abc import Sequence
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from tune_wandb_nb.tuning.board.curve import Numbers
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.curves import CurveData, Line, Step, curve_data, join, stack
from tune_wandb_nb.tuning.chart_data.wording import describe_params, digits_between, number, shorten
from tune_wandb_nb.widgets.base.markup import escape, params_text
from tune_wandb_nb.widgets.base.palette import BEST, GREY, TrialColors

__all__ = ["CurveChart"]

_STEP_TITLE = {"iterations": "iteration", "seconds": "seconds"}
_DOTS_UP_TO = 3
_MARGIN = {"top": 12, "bottom": 44, "left": 64, "right": 16}


class CurveChart(ipywidgets.VBox):
    """The curves of all trials; a legend names the best trials, whose curves are coloured.

    Example:
        >>> from tune_wandb_nb.tuning.board.board import TrialBoard
        >>> chart = CurveChart()
        >>> sent = chart.show(TrialBoard("loss", "min").snapshot(), "loss")
    """

    def __init__(self, height: str = "270px") -> None:
        self._colors = TrialColors()
        self._log = False
        self._sent = 0
        self.figure = bqplot.Figure(
            fig_margin=_MARGIN,
            background_style={"fill-opacity": "0"},
            layout=ipywidgets.Layout(width="100%", height=height),
        )
        self.legend = ipywidgets.HTML()
        self._build()
        super().__init__([self.figure, self.legend])

    def show(
        self,
        snapshot: BoardSnapshot,
        metric: str | None,
        step: Step = "iterations",
        *,
        log: bool = False,
    ) -> int:
        """Draw a snapshot; return the approximate number of bytes sent to the browser."""
        data = curve_data(snapshot, metric, step, best=len(BEST))
        log = log and data.has_positive
        if log != self._log:
            self._log = log
            self._build()
        self._sent = 0
        self._fit_axes(data, step)
        self._update(self.crowd, *join(data.crowd, log=log))
        labels = [_label(line) for line in data.others]
        self._update(self.others, *stack(data.others, log=log), labels=labels)
        colors = self._colors.assign([line.trial.trial_id for line in data.best])
        labels = [_label(line) for line in data.best]
        x, y = stack(data.best, log=log)
        self._update(self.best, x, y, labels=labels, colors=colors or [BEST[0]])
        self.legend.value = _legend(data, colors, snapshot)
        return self._sent

    def _build(self) -> None:
        x = bqplot.LinearScale(min=0, max=1)
        y = bqplot.LogScale(min=0.1, max=1) if self._log else bqplot.LinearScale(min=0, max=1)
        self._x, self._y = x, y
        tooltip = {"fields": ["name"], "show_labels": False}

        def lines(width: float, opacity: float, **given: Any) -> Any:
            return bqplot.Lines(
                x=np.zeros(0),
                y=np.zeros(0),
                scales={"x": x, "y": y},
                stroke_width=width,
                marker_size=24,
                opacities=[opacity] * 100,
                **given,
            )

        self.crowd = lines(1, 0.3, colors=[GREY])
        self.others = lines(1.2, 0.5, colors=[GREY], tooltip=bqplot.Tooltip(**tooltip))
        self.best = lines(2.4, 1, tooltip=bqplot.Tooltip(**tooltip))
        self._x_axis = bqplot.Axis(
            scale=x, label="iteration", label_offset="34px", label_color=GREY
        )
        self._y_axis = bqplot.Axis(scale=y, orientation="vertical", label_offset="50px")
        with self.figure.hold_sync():
            self.figure.marks = [self.crowd, self.others, self.best]
            self.figure.axes = [self._x_axis, self._y_axis]

    def _fit_axes(self, data: CurveData, step: Step) -> None:
        self._x_axis.label = _STEP_TITLE[step]
        if not data.lines:
            return
        x = np.concatenate([line.x for line in data.lines])
        y = np.concatenate([line.y for line in data.lines])
        y = y[np.isfinite(y) & (y > 0)] if self._log else y[np.isfinite(y)]
        _fit_scale(self._x, float(x.min()), float(x.max()), 0.0)
        low, high = float(y.min()), float(y.max())
        if self._log:
            _fit_scale(self._y, low / 1.1, high * 1.1, 0.0)
        else:
            _fit_scale(self._y, low, high, 0.05)
        # As many digits as the ticks need: bqplot's own format writes 0.000 or 1.000000.
        self._y_axis.tick_format = f".{digits_between(low, high)}~g"

    def _update(self, mark: Any, x: Numbers, y: Numbers, **given: Any) -> None:
        x, y = x.astype(np.float32), y.astype(np.float32)
        if len(x) == 1:
            x, y = x[0], y[0]  # bqplot stores a single line without the outer dimension
        unchanged = np.array_equal(mark.x, x) and np.array_equal(mark.y, y, equal_nan=True)
        # Short curves get dots, since a line of one point would be invisible.
        points = np.isfinite(y).sum(axis=-1).max(initial=0)
        given["marker"] = "circle" if 0 < points <= _DOTS_UP_TO else None
        with mark.hold_sync():
            if not unchanged:
                mark.x, mark.y = x, y
                self._sent += x.nbytes + y.nbytes
            for name, value in given.items():
                if getattr(mark, name) != value:
                    setattr(mark, name, value)
                    self._sent += sum(map(len, value or ()))


def _fit_scale(scale: Any, low: float, high: float, padding: float) -> None:
    if not high > low:
        low, high = low - (abs(low) or 1) * 0.5, high + (abs(high) or 1) * 0.5
    margin = (high - low) * padding
    with scale.hold_sync():
        scale.min, scale.max = low - margin, high + margin


def _label(line: Line) -> str:
    # Not escaped, since bqplot draws labels as text.
    return f"{shorten(line.trial.name, 40)}   {describe_params(line.trial.params)}"


def _legend(data: CurveData, colors: Sequence[str], snapshot: BoardSnapshot) -> str:
    best = []
    for color, line in zip(colors, data.best, strict=True):
        value = number(line.trial.metrics.get(data.metric or ""))
        best.append(
            f'<span><i class="dot" style="background:{color}"></i>'
            f"{escape(shorten(line.trial.name, 24))} <b>{escape(value)}</b>"
            f' <span class="soft">{params_text(line.trial.params, 3)}</span></span>'
        )
    notes = []
    if not data.lines:
        notes.append(
            "No curve yet." if snapshot.ended is None else "No trial reported this metric."
        )
    grey = len(data.others) + len(data.crowd)
    if grey and data.best:
        notes.append(f"{grey} more in grey")
    if data.missing and data.lines:
        notes.append(f"{data.missing} without this metric")
    soft = f'<span class="soft">{" · ".join(notes)}</span>' if notes else ""
    return f'<div class="twn"><div class="legend">{"".join(best)}{soft}</div></div>'
