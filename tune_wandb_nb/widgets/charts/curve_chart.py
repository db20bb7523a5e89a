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
from tune_wandb_nb.widgets.base.palette import BEST, GREY, Slots

__all__ = ["CurveChart"]

_STEP_TITLE = {"iterations": "iteration", "seconds": "seconds"}
_DOTS_UP_TO = 3
_MARGIN = {"top": 12, "bottom": 44, "left": 64, "right": 16}


class CurveChart(ipywidgets.VBox):
    """All trials' curves, the best ones coloured and named below.

    Example:
        >>> from tune_wandb_nb.tuning.board.board import TrialBoard
        >>> chart = CurveChart()
        >>> sent = chart.show(TrialBoard("loss", "min").snapshot(), "loss")
    """

    def __init__(self, height: str = "270px") -> None:
        self._slots = Slots()
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
        """Draw what the snapshot holds; return roughly how many bytes went to the browser."""
        data = curve_data(snapshot, metric, step, best=len(BEST))
        log = log and data.has_positive
        if log != self._log:
            self._log = log
            self._build()
        self._sent = 0
        self._fit_axes(data, step)
        self._set(self.crowd, *join(data.crowd, log=log))
        labels = [_label(one) for one in data.others]
        self._set(self.others, *stack(data.others, log=log), labels=labels)
        colors = self._slots.assign([one.trial.trial_id for one in data.best])
        labels = [_label(one) for one in data.best]
        self._set(self.best, *stack(data.best, log=log), labels=labels, colors=colors or [BEST[0]])
        self.legend.value = _legend(data, colors, snapshot)
        return self._sent

    def _build(self) -> None:
        x = bqplot.LinearScale(min=0, max=1)
        y = bqplot.LogScale(min=0.1, max=1) if self._log else bqplot.LinearScale(min=0, max=1)
        self._x, self._y = x, y
        tip = {"fields": ["name"], "show_labels": False}

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
        self.others = lines(1.2, 0.5, colors=[GREY], tooltip=bqplot.Tooltip(**tip))
        self.best = lines(2.4, 1, tooltip=bqplot.Tooltip(**tip))
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
        x = np.concatenate([one.x for one in data.lines])
        y = np.concatenate([one.y for one in data.lines])
        y = y[np.isfinite(y) & (y > 0)] if self._log else y[np.isfinite(y)]
        _fit(self._x, float(x.min()), float(x.max()), 0.0)
        low, high = float(y.min()), float(y.max())
        if self._log:
            _fit(self._y, low / 1.1, high * 1.1, 0.0)
        else:
            _fit(self._y, low, high, 0.05)
        # A plain number where the axis would write 0.000 or 1.000000.
        self._y_axis.tick_format = f".{digits_between(low, high)}~g"

    def _set(self, mark: Any, x: Numbers, y: Numbers, **given: Any) -> None:
        x, y = x.astype(np.float32), y.astype(np.float32)
        if len(x) == 1:
            x, y = x[0], y[0]  # as bqplot squeezes it
        same = np.array_equal(mark.x, x) and np.array_equal(mark.y, y, equal_nan=True)
        # A line of one point has no length to see.
        points = np.isfinite(y).sum(axis=-1).max(initial=0)
        given["marker"] = "circle" if 0 < points <= _DOTS_UP_TO else None
        with mark.hold_sync():
            if not same:
                mark.x, mark.y = x, y
                self._sent += x.nbytes + y.nbytes
            for name, value in given.items():
                if getattr(mark, name) != value:
                    setattr(mark, name, value)
                    self._sent += sum(map(len, value or ()))


def _fit(scale: Any, low: float, high: float, padding: float) -> None:
    if not high > low:
        low, high = low - (abs(low) or 1) * 0.5, high + (abs(high) or 1) * 0.5
    room = (high - low) * padding
    with scale.hold_sync():
        scale.min, scale.max = low - room, high + room


def _label(one: Line) -> str:
    # Drawn by bqplot as text, so it is not escaped.
    return f"{shorten(one.trial.name, 40)}   {describe_params(one.trial.params)}"


def _legend(data: CurveData, colors: Sequence[str], snapshot: BoardSnapshot) -> str:
    best = []
    for color, one in zip(colors, data.best, strict=True):
        value = number(one.trial.metrics.get(data.metric or ""))
        best.append(
            f'<span><i class="dot" style="background:{color}"></i>'
            f"{escape(shorten(one.trial.name, 24))} <b>{escape(value)}</b>"
            f' <span class="soft">{params_text(one.trial.params, 3)}</span></span>'
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
