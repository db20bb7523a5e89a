"""`Dashboard`: Tune's progress, the live W&B page and live charts, side by side."""

import os
import threading
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets

from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.widgets.base.frontend import Frontend, detect_frontend
from tune_wandb_nb.widgets.base.markup import STYLE, escape, note
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.charts.live_charts import LiveCharts
from tune_wandb_nb.widgets.charts.picture import picture_png
from tune_wandb_nb.widgets.dashboard.report import report_fragment, report_page
from tune_wandb_nb.widgets.dashboard.status import (
    errors_html,
    headline,
    status_html,
    top_trials_html,
)
from tune_wandb_nb.widgets.dashboard.terminal_report import TerminalReport
from tune_wandb_nb.widgets.dashboard.wandb_page import WandbPage

if TYPE_CHECKING:
    from tune_wandb_nb.tracking.driver.logger import WandbLogger
    from tune_wandb_nb.tuning.board.callback import BoardCallback
    from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

__all__ = ["Dashboard"]

_T = TypeVar("_T")
_REFRESH_EVERY = 1.0
_SETTLE_TIMEOUT = 30.0
_LIVE, _WANDB = 0, 1


class Dashboard(ipywidgets.VBox):
    """Shows one search while it runs, and what came of it afterwards.

    Outside of a notebook there is nothing to show it in: Tune prints its usual progress, and the
    page in W&B and at the end the audit are printed with it.

    Args:
        logger: The search's `WandbLogger`; without one there are the live charts only.
        metric: The tuned metric, if the search itself does not say.
        mode: "min" or "max".
        height: The height of the W&B page in pixels.
        board: The board to show; by default a new one, filled by `callback`.
        stop: Called at a click on Stop; without it there is no such button.
        log_params: Hyperparameters that are shown on a logarithmic axis whatever their values.

    Example:
        >>> logger = tw.WandbLogger(project="digits")
        >>> dashboard = tw.Dashboard(logger, metric="accuracy", mode="max")
        >>> run_config = tune.RunConfig(
        ...     callbacks=[logger, dashboard.callback], progress_reporter=dashboard.reporter
        ... )
    """

    def __init__(
        self,
        logger: "WandbLogger | None" = None,
        *,
        metric: str | None = None,
        mode: str | None = None,
        height: int = 760,
        board: TrialBoard | None = None,
        stop: Callable[[], None] | None = None,
        log_params: Iterable[str] = (),
    ) -> None:
        self.board = board or TrialBoard()
        self.board.judge_by(metric, mode)
        self.log_params = tuple(log_params)
        self._stop: Callable[[], None] | None = None
        self._stopping = False
        self._refresh_lock = threading.Lock()
        self._refresher_runs = threading.Lock()
        self._settled = threading.Event()
        self._settled.set()
        self._pause = threading.Event()
        self._initial_tab_selected = False
        self._shows_tune_table = False
        self._static_output = StaticOutput()
        self._static_outputs = [self._static_output]
        frontend = detect_frontend()
        self._build(logger, frontend, height)
        self._terminal_report = (
            None if frontend.shows_widgets else TerminalReport(self.board, lambda: self.page.logger)
        )
        # While the dashboard is live, this style hides the static output below it.
        style = ipywidgets.HTML(STYLE + self._static_output.hide_while_live)
        style.layout = ipywidgets.Layout(display="none")
        super().__init__([style, self._columns])
        self.add_class(self._static_output.live_class)
        self.attach(stop=stop)
        self.refresh()
        self.board.on_begin(self._start_refresher)

    def __repr__(self) -> str:
        snapshot = self.board.snapshot()
        return f"<Dashboard: {headline(snapshot).lower()}, {snapshot.total} trials>"

    # Arguments for a plain tune.Tuner

    @cached_property
    def callback(self) -> "BoardCallback":
        """The Tune callback that fills this dashboard."""
        from tune_wandb_nb.tuning.board.callback import BoardCallback

        return BoardCallback(self.board)

    @cached_property
    def reporter(self) -> "HtmlReporter":
        """The Tune progress reporter that shows Tune's table here instead of printing it.

        Outside of a notebook Tune prints its usual progress.
        """
        from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

        return HtmlReporter(self._show_tune_table, seen=self._terminal_report is None)

    # Showing a search

    def attach(
        self,
        *,
        logger: "WandbLogger | None" = None,
        stop: Callable[[], None] | None = None,
        log_params: Iterable[str] = (),
    ) -> None:
        """Show a search that is made after its dashboard; `Experiment` does this.

        Args:
            logger: Its `WandbLogger`, where the dashboard has none yet.
            stop: Called at a click on Stop.
            log_params: Hyperparameters on a logarithmic axis, beside those known already.
        """
        if self.page.logger is None and logger is not None:
            self.page.logger = logger
            self._initial_tab_selected = False
        self._stop = stop or self._stop
        self.stop_button.layout.display = None if self._stop else "none"
        self.log_params = tuple(dict.fromkeys([*self.log_params, *log_params]))
        self.charts.log_params = self.log_params

    def refresh(self) -> None:
        """Show what the board knows now; called once a second while the search runs."""
        with self._refresh_lock:
            snapshot = self.board.snapshot()
            trouble = getattr(self.page.logger, "trouble", None)
            self.status.value = status_html(snapshot, self._stopping, trouble)
            self._show_errors(snapshot)
            if not self._shows_tune_table:
                self.tune.value = top_trials_html(snapshot)
            self.page.show(snapshot)
            self.charts.show(snapshot)
            self._select_initial_tab()
            running = snapshot.started is not None and snapshot.ended is None
            self._stopping = self._stopping and running
            self.stop_button.disabled = self._stopping or not running

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the end of the search is shown, and kept in the notebook's output."""
        return self._settled.wait(timeout)

    def lasts_in(self, output: StaticOutput) -> None:
        """Write the final report also into ``output``, that of a widget around the dashboard."""
        self._static_outputs.append(output)

    def report(self) -> str:
        """Return the lasting report as HTML."""
        return report_fragment(self.board.snapshot(), self._png(), self._links())

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write the lasting report as one self-contained HTML file."""
        if not self._is_running():
            # The last refresh may still run; the file must show the same final state.
            self.settle(_SETTLE_TIMEOUT)
        Path(path).write_text(report_page(self.report()), encoding="utf-8")

    # Internals

    def _build(self, logger: Any, frontend: Frontend, height: int) -> None:
        self.status = ipywidgets.HTML(layout=ipywidgets.Layout(width="auto"))
        self.stop_button = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self.stop_button.layout = ipywidgets.Layout(width="96px")
        self.stop_button.on_click(self._on_stop)
        self.errors = ipywidgets.HTML()
        self.errors_box = ipywidgets.Accordion([self.errors], selected_index=None)
        self.errors_box.layout.display = "none"
        self.tune = ipywidgets.HTML(layout=ipywidgets.Layout(width="auto", overflow="auto"))
        self.page = WandbPage(logger, frontend, height)
        self.charts = LiveCharts(self.log_params)
        self._live = ipywidgets.VBox([self.charts])
        self.tabs = ipywidgets.Tab([self._live, self.page])
        self.tabs.observe(self._on_tab, "selected_index")
        self.tabs.set_title(_LIVE, "Live")
        self.tabs.set_title(_WANDB, "W&B")
        left = ipywidgets.VBox(
            [self.status, self.stop_button, self.errors_box, self.tune],
            layout=_column("3 1 440px"),
        )
        right = ipywidgets.VBox([self.tabs], layout=_column("5 1 600px"))
        self._columns = ipywidgets.HBox(
            [left, right], layout=ipywidgets.Layout(flex_flow="row wrap", overflow="hidden")
        )

    def _start_refresher(self) -> None:
        if self._refresher_runs.acquire(blocking=False):
            self._settled.clear()
            threading.Thread(target=self._refresh_until_end, name="dashboard", daemon=True).start()

    def _refresh_until_end(self) -> None:
        try:
            is_running = True
            while is_running or self._is_running():
                # Read before the refresh: if the search ends during it, another refresh follows.
                is_running = self._is_running()
                self._or_show_error(self.refresh)
                if is_running:
                    self._pause.wait(_REFRESH_EVERY)
                    continue
                for output in self._static_outputs:
                    self._or_show_error(partial(output.update, self.report, self._png))
        finally:
            self._refresher_runs.release()
            self._settled.set()

    def _or_show_error(self, show: Callable[[], _T]) -> _T | None:
        # A chart that cannot be drawn must not prevent all later refreshes.
        try:
            return show()
        except Exception as error:
            self.status.value += note(escape(f"The dashboard could not show this: {error!r}"))
            return None

    def _is_running(self) -> bool:
        return self.board.snapshot().ended is None

    def _png(self) -> bytes | None:
        draw = partial(picture_png, self.board.snapshot(), log=self.log_params)
        return self._or_show_error(draw)

    def _select_initial_tab(self) -> None:
        # Only once: afterwards the person chooses the tab.
        if not self._initial_tab_selected and self.page.mode is not None:
            self._initial_tab_selected = True
            self.tabs.selected_index = _WANDB if self.page.mode == "online" else _LIVE

    def _on_tab(self, _: object) -> None:
        # bqplot cannot draw a figure in a hidden tab, where the figure has no size.
        self._live.children = [self.charts] if self.tabs.selected_index == _LIVE else []

    def _show_errors(self, snapshot: BoardSnapshot) -> None:
        count = snapshot.counts["failed"]
        self.errors_box.layout.display = None if count else "none"
        text = errors_html(snapshot)
        if text != self.errors.value:
            self.errors.value = text
            self.errors_box.set_title(0, f"{count} failed trial{'s' if count > 1 else ''}")

    def _show_tune_table(self, html: str) -> None:
        # Tune renders its table in notebooks only; until then the best trials are shown instead.
        self._shows_tune_table = self._shows_tune_table or bool(html)
        if html:
            self.tune.value = f'<div class="twn twn-tune">{html}</div>'

    def _on_stop(self, _: object) -> None:
        if self._stop is not None:
            self._stopping = True
            self._stop()
            self.refresh()

    def _links(self) -> list[tuple[str, str]]:
        pages = (("group", "This search in W&B"), ("project", "The project in W&B"))
        links = [(self.page.url_of(page), text) for page, text in pages]
        return [(url, text) for url, text in links if url]

    def _ipython_display_(self, **_: Any) -> None:
        frontend = detect_frontend()
        if frontend.name == "colab":
            # Colab shows widgets of third-party packages, here bqplot's, only when asked to.
            from google.colab import output

            output.enable_custom_widget_manager()
        ended = self.board.snapshot().ended is not None
        self._static_output.display(self, self.report if ended else None)


def _column(flex: str) -> ipywidgets.Layout:
    return ipywidgets.Layout(flex=flex, min_width="0", width="auto", overflow="hidden")
