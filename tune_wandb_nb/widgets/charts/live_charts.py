"""The live charts of a search: they need no account and no network."""

import threading
import time
from collections.abc import Callable, Iterable

import ipywidgets

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.wording import shorten
from tune_wandb_nb.widgets.base.palette import INITIAL
from tune_wandb_nb.widgets.charts.curve_chart import CurveChart
from tune_wandb_nb.widgets.charts.importance_chart import ImportanceChart
from tune_wandb_nb.widgets.charts.parallel_chart import ParallelChart
from tune_wandb_nb.widgets.charts.scatter_chart import ScatterChart
from tune_wandb_nb.widgets.charts.schedule_chart import ScheduleChart

__all__ = ["LiveCharts"]

_BYTES_A_SECOND = 20_000
"""What each of the charts may send on average."""


class LiveCharts(ipywidgets.VBox):
    """Curves, parallel coordinates, a scatter, importance and the schedule, with their controls.

    Charts that would send much to the browser refresh less often than those that send little.
    """

    def __init__(
        self, log_params: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.log_params = tuple(log_params)
        self._clock = clock
        # The search's thread draws, and so does a click on a control.
        self._lock = threading.RLock()
        self._offering = False
        self._due: dict[str, float] = {}
        self._snapshot: BoardSnapshot | None = None
        self.metric = ipywidgets.Dropdown(description="Metric", options=[], style=INITIAL)
        self.step = ipywidgets.ToggleButtons(
            options=[("Iterations", "iterations"), ("Time", "seconds")],
            style={"button_width": "84px"},
        )
        self.log_scale = ipywidgets.Checkbox(description="Log scale", indent=False)
        self.log_scale.layout = ipywidgets.Layout(width="110px")
        self.param = ipywidgets.Dropdown(description="Against", options=[], style=INITIAL)
        self.curves = CurveChart()
        self.parallel = ParallelChart()
        self.scatter = ScatterChart()
        self.importance = ImportanceChart()
        self.schedule = ScheduleChart()
        self._arrange()
        super().__init__(self._above)
        for control in (self.metric, self.step, self.log_scale, self.param, self.schedule.param):
            control.observe(self._redraw, "value")

    def show(self, snapshot: BoardSnapshot) -> None:
        """Draw a snapshot: each chart that is due, every chart when the search is over."""
        with self._lock:
            self._snapshot = snapshot
            self._offer_choices(snapshot)
            for name, draw in self._charts().items():
                now = self._clock()
                if now >= self._due.get(name, now) or snapshot.ended is not None:
                    self._due[name] = now + draw(snapshot) / _BYTES_A_SECOND

    def _offer_choices(self, snapshot: BoardSnapshot) -> None:
        self._offering = True
        _offer(self.metric, snapshot.metrics)
        names = dict.fromkeys(name for trial in snapshot.trials for name in trial.params)
        _offer(self.param, tuple(names))
        pair = [self._pair] if names and snapshot.metrics else []
        self.children = [*self._above, *pair, self.schedule]
        self._offering = False

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
            if self._snapshot is not None and not self._offering:
                self._due.clear()
                self.show(self._snapshot)

    def _arrange(self) -> None:
        wide = ipywidgets.Layout(flex="1 1 340px", min_width="0", width="auto")
        left = ipywidgets.VBox([self.param, self.scatter], layout=wide)
        right = ipywidgets.VBox([self.importance], layout=wide)
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        self._pair = ipywidgets.HBox(
            [left, right], layout=ipywidgets.Layout(flex_flow="row wrap", overflow="hidden")
        )
        controls = ipywidgets.HBox([self.metric, self.step, self.log_scale], layout=wrap)
        self._above = [controls, self.curves, self.parallel]


def _offer(dropdown: ipywidgets.Dropdown, names: tuple[str, ...]) -> None:
    # Setting options resets the value: only when they changed, and keeping what was chosen.
    options = [(shorten(name, 40), name) for name in names]
    if [name for _, name in dropdown.options] == list(names):
        return
    chosen = dropdown.value
    dropdown.options = options
    dropdown.value = chosen if chosen in names else next(iter(names), None)
