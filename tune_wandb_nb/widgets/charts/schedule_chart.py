"""The live chart of hyperparameters that change while trials run."""

import bqplot
import ipywidgets
import numpy as np

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.axes import axis_for
from tune_wandb_nb.tuning.chart_data.schedule import ScheduleData, schedule_data, scheduled_params
from tune_wandb_nb.tuning.chart_data.wording import number, shorten
from tune_wandb_nb.widgets.base.markup import escape, safe_html, table
from tune_wandb_nb.widgets.base.palette import BEST, FULL_DESCRIPTION, GREY
from tune_wandb_nb.widgets.charts.text_mark import text_mark, write_texts

__all__ = ["ScheduleChart"]

_MARGIN = {"top": 10, "bottom": 40, "left": 16, "right": 16}
_SHOWN_CHANGES = 8


class ScheduleChart(ipywidgets.VBox):
    """One stepped line per trial and a table of changes; hidden until a hyperparameter changes."""

    def __init__(self, height: str = "220px") -> None:
        x, y = bqplot.LinearScale(min=0), bqplot.LinearScale(min=-0.05, max=1.05)
        self.lines = bqplot.Lines(
            x=np.zeros(0),
            y=np.zeros(0),
            scales={"x": x, "y": y},
            interpolation="step-after",
            stroke_width=1.6,
            colors=list(BEST),
            opacities=[0.8] * 100,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        left = {"x": bqplot.LinearScale(min=0, max=1), "y": y}
        self.ticks = text_mark(left, x_offset=4, y_offset=4)
        x_axis = bqplot.Axis(scale=x, label="iteration", label_offset="32px", label_color=GREY)
        self.figure = bqplot.Figure(
            marks=[self.lines, self.ticks],
            axes=[x_axis],
            fig_margin=_MARGIN,
            background_style={"fill-opacity": "0"},
            layout=ipywidgets.Layout(width="100%", height=height),
        )
        self.param = ipywidgets.Dropdown(
            description="Schedule of", options=[], style=FULL_DESCRIPTION
        )
        self.changes = ipywidgets.HTML()
        super().__init__([])
        self.add_class("twn-halo")

    def show(self, snapshot: BoardSnapshot) -> int:
        """Draw a snapshot; return the approximate number of bytes sent to the browser."""
        params = scheduled_params(snapshot)
        if not params:
            self.children = []
            return 0
        # Added with its first data, never hidden: bqplot cannot draw a figure without a size.
        self.children = [self.param, self.figure, self.changes]
        if tuple(self.param.options) != params:
            chosen = self.param.value
            self.param.options = params
            self.param.value = chosen if chosen in params else params[0]
        data = schedule_data(snapshot, self.param.value)
        assert data is not None
        return self._draw(data, snapshot)

    def _draw(self, data: ScheduleData, snapshot: BoardSnapshot) -> int:
        shown = list(data.steps.items())[-100:]
        axis = axis_for(data.param, [value for _, line in shown for _, value in line])
        longest = max(len(line) for _, line in shown)
        x, y = np.zeros((len(shown), longest)), np.zeros((len(shown), longest))
        for row, (_, line) in enumerate(shown):
            x[row] = line[-1][0]
            x[row, : len(line)] = [iteration for iteration, _ in line]
            placed = axis.place(value for _, value in line)
            y[row] = placed[-1]
            y[row, : len(line)] = placed
        names = {trial.trial_id: trial.name for trial in snapshot.trials}
        write_texts(self.ticks, ((0, at, text) for at, text in axis.ticks))
        with self.lines.hold_sync():
            self.lines.x, self.lines.y = x.astype(np.float32), y.astype(np.float32)
            self.lines.labels = [shorten(names.get(trial, trial), 40) for trial, _ in shown]
        self.changes.value = _changes(data)
        return x.nbytes + len(self.changes.value)


def _changes(data: ScheduleData) -> str:
    rows = [
        (
            change.iteration,
            change.trial,
            change.copied or "-",
            safe_html(
                " · ".join(
                    f"{escape(shorten(name))} {escape(number(old))} → {escape(number(new))}"
                    for name, old, new in change.values
                )
            ),
        )
        for change in data.changes[:_SHOWN_CHANGES]
    ]
    return f'<div class="twn">{table(("iteration", "trial", "copied", "changed"), rows)}</div>'
