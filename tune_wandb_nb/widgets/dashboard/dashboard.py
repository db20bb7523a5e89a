"""`Dashboard`: a search's table and charts, its W&B page, and what stays of it."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets

from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.objectives import Metric, Mode
from tune_wandb_nb.tuning.board.param_types import param_types
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.widgets.base.frontend import Frontend, detect_frontend
from tune_wandb_nb.widgets.base.markup import STYLE, escape, note
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.dashboard.importance_task import ImportanceTask
from tune_wandb_nb.widgets.dashboard.picture import picture_png
from tune_wandb_nb.widgets.dashboard.report import interactive, report_page, still_report
from tune_wandb_nb.widgets.dashboard.status import headline
from tune_wandb_nb.widgets.dashboard.terminal_report import TerminalReport
from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView
from tune_wandb_nb.widgets.dashboard.tune_output import TuneOutput
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
_NO_SPACE: Mapping[str, Any] = {}


class Dashboard(ipywidgets.VBox):
    """Shows one search while it runs, and what came of it afterwards.

    Outside of a notebook there is nothing to show it in: Tune prints its usual progress, and the
    page in W&B and at the end the audit are printed with it.

    Args:
        logger: The search's `WandbLogger`; without one there is no W&B page.
        metric: The tuned metric, or several, if the search itself does not say.
        mode: "min" or "max"; for several metrics a list.
        height: The height of the W&B page in pixels.
        board: The board to show; by default a new one, filled by `callback`.
        stop: Called at a click on Stop; without it there is no such button.
        param_space: What ``tune.Tuner`` takes: it says which hyperparameters are categories, and
            which are logarithmic. Without it the values of the trials decide.

    Raises:
        SettingsError: a mode other than "min" and "max", or another number of modes than metrics.

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
        metric: Metric = None,
        mode: Mode = None,
        height: int = 760,
        board: TrialBoard | None = None,
        stop: Callable[[], None] | None = None,
        param_space: Mapping[str, Any] = _NO_SPACE,
    ) -> None:
        self.board = board or TrialBoard()
        self.board.judge_by(metric, mode)
        self.shows_stop = True
        self._stop: Callable[[], None] | None = None
        self._stop_one: Callable[[str], None] | None = None
        self._stopping = False
        self._refresh_lock = threading.Lock()
        self._refresher_runs = threading.Lock()
        self._settled = threading.Event()
        self._settled.set()
        self._pause = threading.Event()
        self._static_output = StaticOutput()
        self._static_outputs = [self._static_output]
        self._importance = ImportanceTask()
        self._frontend = detect_frontend()
        self._build(logger, self._frontend, height)
        self._terminal_report = (
            None
            if self._frontend.shows_widgets
            else TerminalReport(self.board, lambda: self.page.logger)
        )
        # While the dashboard is live, this style hides the static output below it.
        style = ipywidgets.HTML(STYLE + self._static_output.hide_while_live)
        style.layout = ipywidgets.Layout(display="none")
        super().__init__([style, self.notice, self.tabs])
        self.add_class(self._static_output.live_class)
        self.attach(stop=stop, param_space=param_space)
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

        callback = BoardCallback(self.board)
        self._stop_one = self._stop_one or callback.stop_trial
        return callback

    @cached_property
    def reporter(self) -> "HtmlReporter":
        """The Tune progress reporter that shows Tune's output here instead of printing it.

        Outside of a notebook Tune prints its usual progress.
        """
        from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

        return HtmlReporter(self.tune.show, seen=self._terminal_report is None)

    # Showing a search

    def attach(
        self,
        *,
        logger: "WandbLogger | None" = None,
        stop: Callable[[], None] | None = None,
        stop_trial: Callable[[str], None] | None = None,
        param_space: Mapping[str, Any] = _NO_SPACE,
    ) -> None:
        """Show a search that is made after its dashboard; `Experiment` does this.

        Args:
            logger: Its `WandbLogger`, where the dashboard has none yet.
            stop: Called at a click on Stop.
            stop_trial: Called with the id of a trial that is to stop.
            param_space: Its search space.
        """
        if self.page.logger is None and logger is not None:
            self.page.logger = logger
        self._stop = stop or self._stop
        self._stop_one = stop_trial or self._stop_one
        if param_space:
            self.board.use_types(param_types(param_space))

    @property
    def selected(self) -> list[str]:
        """The ids of the trials that are selected in the table and the charts; can be set.

        Example:
            >>> dashboard = tw.Dashboard()
            >>> dashboard.selected
            []
        """
        return list(self.view.selected)

    @selected.setter
    def selected(self, trial_ids: Iterable[str]) -> None:
        chosen = list(dict.fromkeys(trial_ids))
        known = {trial.trial_id for trial in self.board.snapshot().trials}
        unknown = [trial_id for trial_id in chosen if trial_id not in known]
        if unknown:
            raise SettingsError(
                f"selected takes ids of trials, but there is no trial {unknown[0]!r:.80}."
            )
        self.view.selected = chosen

    def stop_trial(self, trial_id: str) -> None:
        """Let one trial end with its next result.

        Raises:
            SettingsError: the dashboard does not belong to a search that runs here.
            SearchError: the search does not run.
        """
        if self._stop_one is None:
            raise SettingsError(
                "this dashboard shows a search that does not run here, so that no trial can be"
                " stopped; give dashboard.callback to the search's RunConfig."
            )
        self._stop_one(trial_id)

    def refresh(self) -> None:
        """Show what the board knows now; called once a second while the search runs."""
        with self._refresh_lock:
            snapshot = self.board.snapshot()
            if self._terminal_report is not None:
                self._terminal_report.print_url()
                return
            self._importance.update(snapshot)
            running = snapshot.started is not None and snapshot.ended is None
            self._stopping = self._stopping and running
            self._show_notice(getattr(self.page.logger, "trouble", None))
            self.page.show(snapshot)
            self.view.show(snapshot, self._context())

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the end of the search is shown, and kept in the notebook's output."""
        return self._settled.wait(timeout)

    def lasts_in(self, output: StaticOutput) -> None:
        """Write the final report also into ``output``, that of a widget around the dashboard."""
        self._static_outputs.append(output)

    def report(self) -> str:
        """Return the lasting report as HTML: table and charts, without a kernel or a network."""
        snapshot = self.board.snapshot()
        links = [(url, text) for text, url in self._links()]
        still = still_report(snapshot, self._png(), links)
        return interactive(self.view.lasting(snapshot, self._context()), still)

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write the lasting report as one self-contained HTML file.

        Example:
            >>> tw.Dashboard.open("~/ray_results/digits").save("report.html")
        """
        if not self._is_running():
            # The last refresh may still run; the file must show the same final state.
            self.settle(_SETTLE_TIMEOUT)
        self._importance.wait()
        page = report_page(self.report(), self.board.snapshot().name)
        Path(path).write_text(page, encoding="utf-8")

    # Internals

    def _build(self, logger: Any, frontend: Frontend, height: int) -> None:
        self.notice = ipywidgets.HTML(layout=ipywidgets.Layout(display="none"))
        self.view = TrialsView(stop=self._on_stop, stop_trial=self._on_stop_trial)
        self.tune = TuneOutput()
        self.page = WandbPage(logger, frontend, height)
        self.tabs = ipywidgets.Tab([ipywidgets.VBox([self.view, self.tune]), self.page])
        self.tabs.set_title(_LIVE, "Live")
        self.tabs.set_title(_WANDB, "W&B")

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
                self._or_show_error(self._keep)
        finally:
            self._refresher_runs.release()
            self._settled.set()

    def _keep(self) -> None:
        """Put the final state into everything that a notebook saves."""
        if self._terminal_report is not None:
            return
        self.tune.flush()
        # The last importances count all trials.
        self._importance.wait()
        self.refresh()
        self.view.keep(self.view.lasting(self.board.snapshot(), self._context()))
        for output in self._static_outputs:
            self._or_show_error(partial(output.update, self.report, self._png))

    def _or_show_error(self, show: Callable[[], _T]) -> _T | None:
        # What cannot be shown must not prevent all later refreshes.
        try:
            return show()
        except Exception as error:
            self._show_notice(f"The dashboard could not show this: {error!r}")
            return None

    def _show_notice(self, text: str | None) -> None:
        html = note(escape(text)) if text else ""
        if html != self.notice.value:
            self.notice.value = html
            self.notice.layout.display = None if html else "none"

    def _is_running(self) -> bool:
        return self.board.snapshot().ended is None

    def _context(self) -> SearchContext:
        return SearchContext(
            can_stop=self._stop is not None and self.shows_stop,
            can_stop_trials=self._stop_one is not None,
            is_stopping=self._stopping,
            importance=self._importance.result,
            links=tuple(self._links()),
            url_of=self.page.url_of if self.page.mode == "online" else None,
        )

    def _png(self) -> bytes | None:
        draw = partial(picture_png, self.board.snapshot())
        return self._or_show_error(draw)

    def _on_stop(self) -> None:
        if self._stop is not None:
            self._stopping = True
            self._stop()
            self.refresh()

    def _on_stop_trial(self, trial_id: str) -> None:
        # A search that has ended meanwhile has no trial to stop.
        with suppress(RuntimeError, SettingsError):
            self.stop_trial(trial_id)

    def _links(self) -> list[tuple[str, str]]:
        pages = (("This search in W&B", "group"), ("The project in W&B", "project"))
        links = [(text, self.page.url_of(page)) for text, page in pages]
        return [(text, url) for text, url in links if url]

    def _ipython_display_(self, **_: Any) -> None:
        frontend = detect_frontend()
        if frontend.name == "colab":
            # Colab shows widgets of third-party packages only when asked to.
            from google.colab import output

            output.enable_custom_widget_manager()
        self.view.expect_page()
        ended = self.board.snapshot().ended is not None
        self._static_output.display(self, self.report if ended else None)
