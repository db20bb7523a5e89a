"""The live charts of a search, which need neither a W&B account nor a network."""

import threading
import time
from collections.abc import Callable, Iterable

import ipywidgets

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.wording import shorten
from tune_wandb_nb.widgets.base.palette import FULL_DESCRIPTION
from tune_wandb_nb.widgets.charts.curve_chart import CurveChart
from tune_wandb_nb.widgets.charts.importance_chart import ImportanceChart
from tune_wandb_nb.widgets.charts.parallel_chart import ParallelChart
from tune_wandb_nb.widgets.charts.scatter_chart import ScatterChart
from tune_wandb_nb.widgets.charts.schedule_chart import ScheduleChart

__all__ = ["LiveCharts"]

_BYTES_A_SECOND = 20_000
"""The average rate at which each chart may send data to the browser."""


class LiveCharts(ipywidgets.VBox):
    """Curves, parallel coordinates, a scatter, importance and the schedule, with their controls.

    A chart that sends much data to the browser refreshes less often than one that sends little.
    """

    def __init__(
        self, log_params: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.log_params = tuple(log_params)
        self._clock = clock
        # The dashboard's thread and a click on a control may draw at the same time.
        self._lock = threading.RLock()
        self._updating_choices = False
        self._due: dict[str, float] = {}
        self._snapshot: BoardSnapshot | None = None
        self.metric = ipywidgets.Dropdown(description="Metric", options=[], style=FULL_DESCRIPTION)
        self.step = ipywidgets.ToggleButtons(
            options=[("Iterations", "iterations"), ("Time", "seconds")],
            style={"button_width": "84px"},
        )
        self.log_scale = ipywidgets.Checkbox(description="Log scale", indent=False)
        self.log_scale.layout = ipywidgets.Layout(width="110px")
        self.param = ipywidgets.Dropdown(description="Against", options=[], style=FULL_DESCRIPTION)
        self.curves = CurveChart()
        self.parallel = ParallelChart()
        self.scatter = ScatterChart()
        self.importance = ImportanceChart()
        self.schedule = ScheduleChart()
        self._arrange()
        super().__init__(self._top_rows)
        for control in (self.metric, self.step, self.log_scale, self.param, self.schedule.param):
            control.observe(self._redraw, "value")

    def show(self, snapshot: BoardSnapshot) -> None:
        """Draw a snapshot on each chart that is due, and on every chart once the search ended."""
        with self._lock:
            self._snapshot = snapshot
            self._update_choices(snapshot)
            for name, draw in self._charts().items():
                now = self._clock()
                if now >= self._due.get(name, now) or snapshot.ended is not None:
                    self._due[name] = now + draw(snapshot) / _BYTES_A_SECOND

    def _update_choices(self, snapshot: BoardSnapshot) -> None:
        self._updating_choices = True
        _set_options(self.metric, snapshot.metrics)
        names = dict.fromkeys(name for trial in snapshot.trials for name in trial.params)
        _set_options(self.param, tuple(names))
        pair = [self._scatter_and_importance] if names and snapshot.metrics else []
        self.children = [*self._top_rows, *pair, self.schedule]
        self._updating_choices = False

    def _charts(self) -> dict[str, Callable[[BoardSnapshot], int]]:
        metric, log = self.metric.value, self.log_params
        return {
            "curves": lambda s: self.curves.show(
                s, metric, self.step.value, log=self.log_scale.value
            ),
            "parallel": lambda s: self.parallel.show(s, metric, log),
            "scatter": lambda s: self.scatter.show(s, metric, self.param.value, log),
            "importance": lambda s: self.importance.show(s, metric),
            "schedule": self.schedule.show,
        }

    def _redraw(self, _: object) -> None:
        with self._lock:
            if self._snapshot is not None and not self._updating_choices:
                self._due.clear()
                self.show(self._snapshot)

    def _arrange(self) -> None:
        wide = ipywidgets.Layout(flex="1 1 340px", min_width="0", width="auto")
        left = ipywidgets.VBox([self.param, self.scatter], layout=wide)
        right = ipywidgets.VBox([self.importance], layout=wide)
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        self._scatter_and_importance = ipywidgets.HBox(
            [left, right], layout=ipywidgets.Layout(flex_flow="row wrap", overflow="hidden")
        )
        controls = ipywidgets.HBox([self.metric, self.step, self.log_scale], layout=wrap)
        self._top_rows = [controls, self.curves, self.parallel]


def _set_options(dropdown: ipywidgets.Dropdown, names: tuple[str, ...]) -> None:
    # Setting the options resets the value: set them only if they changed, then restore the choice.
    options = [(shorten(name, 40), name) for name in names]
    if [name for _, name in dropdown.options] == list(names):
        return
    chosen = dropdown.value
    dropdown.options = options
    dropdown.value = chosen if chosen in names else next(iter(names), None)
