import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets

from tune_wandb_nb.search_space.space.params import param_types
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.importance import ImportanceData, importance_data
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.widgets.base.frontend import allow_widgets, detect_frontend
from tune_wandb_nb.widgets.base.markup import STYLE, escape, note, show_html
from tune_wandb_nb.widgets.base.static_output import StaticOutput
from tune_wandb_nb.widgets.dashboard.lasting import LastingReport
from tune_wandb_nb.widgets.dashboard.refresher import Refresher
from tune_wandb_nb.widgets.dashboard.terminal_report import TerminalReport
from tune_wandb_nb.widgets.dashboard.trials_view import TrialsView
from tune_wandb_nb.widgets.dashboard.tune_output import TuneOutput
from tune_wandb_nb.widgets.dashboard.wandb_page import WandbPage

if TYPE_CHECKING:
    from tune_wandb_nb.tracking.driver.logger import WandbLogger

__all__ = ["ShownSearch"]

_T = TypeVar("_T")
_LIVE, _WANDB = 0, 1
_GROWTH = 1.1
_NO_SPACE: Mapping[str, Any] = {}


class ShownSearch(ipywidgets.VBox):
    def __init__(self, board: TrialBoard, logger: "WandbLogger | None", height: int) -> None:
        self.board = board
        self.shows_stop = True
        self._stop: Callable[[], None] | None = None
        self._stop_one: Callable[[str], None] | None = None
        self._stopping = False
        self._refresh_lock = threading.Lock()
        self._static_output = StaticOutput()
        self._importance = _ImportanceTask()
        frontend = detect_frontend()
        self.notice = ipywidgets.HTML(layout=ipywidgets.Layout(display="none"))
        self.view = TrialsView(stop=self._on_stop, stop_trial=self._on_stop_trial)
        self.tune = TuneOutput()
        self.page = WandbPage(logger, frontend, height)
        self.tabs = ipywidgets.Tab([ipywidgets.VBox([self.view, self.tune]), self.page])
        self.tabs.set_title(_LIVE, "Live")
        self.tabs.set_title(_WANDB, "W&B")
        self._lasting = LastingReport(board, self.view, self._context, self._or_show_error)
        self._lasting.outputs.append(self._static_output)
        is_seen = frontend.shows_widgets
        self._terminal_report = None if is_seen else TerminalReport(board, lambda: self.page.logger)
        style = ipywidgets.HTML(STYLE + self._static_output.hide_while_live)
        style.layout = ipywidgets.Layout(display="none")
        super().__init__([style, self.notice, self.tabs])
        self.add_class(self._static_output.live_class)
        self._refresher = Refresher(
            board,
            refresh=lambda: self._or_show_error(self.refresh),
            keep=lambda: self._or_show_error(self._keep),
        )

    def attach(
        self,
        *,
        logger: "WandbLogger | None" = None,
        stop: Callable[[], None] | None = None,
        stop_trial: Callable[[str], None] | None = None,
        param_space: Mapping[str, Any] = _NO_SPACE,
    ) -> None:
        """Show a search that is made after its dashboard.

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

    def stop_trial(self, trial_id: str) -> None:
        """Let one trial end with its next result.

        Raises:
            SettingsError: the dashboard has no search that runs here.
            SearchError: the search does not run.
        """
        if self._stop_one is None:
            raise SettingsError(
                "this dashboard shows a search that does not run here, so that no trial can be"
                " stopped; give dashboard.callback to the search's RunConfig."
            )
        self._stop_one(trial_id)

    def refresh(self) -> None:
        """Show the board as it is now; called once a second while the search runs."""
        with self._refresh_lock:
            if self._terminal_report is not None:
                return
            snapshot = self.board.snapshot()
            self._importance.update(snapshot)
            self._stopping = self._stopping and snapshot.is_running
            self.show_notice(getattr(self.page.logger, "trouble", None))
            self.page.show(snapshot)
            self.view.show(snapshot, self._context())

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the end of the search is shown and kept in the notebook's output."""
        return self._refresher.settle(timeout)

    def lasts_in(self, output: StaticOutput) -> None:
        """Write the final report into the output of a widget around the dashboard, too."""
        self._lasting.outputs.append(output)

    # Internals

    def _keep(self) -> None:
        if self._terminal_report is not None:
            return
        self.tune.flush()
        # The last ones count all trials.
        self._importance.wait()
        self.refresh()
        self._lasting.keep()

    def _or_show_error(self, show: Callable[[], _T]) -> _T | None:
        # An error must not prevent later refreshes.
        try:
            return show()
        except Exception as error:
            self.show_notice(f"The dashboard could not show this: {error!r}")
            return None

    def show_notice(self, text: str | None) -> None:
        show_html(self.notice, note(escape(text)) if text else "")

    def _context(self) -> SearchContext:
        return SearchContext(
            can_stop=self._stop is not None and self.shows_stop,
            can_stop_trials=self._stop_one is not None,
            is_stopping=self._stopping,
            importance=self._importance.result,
            links=tuple(self._links()),
            url_of=self.page.url_of if self.page.mode == "online" else None,
        )

    def _on_stop(self) -> None:
        if self._stop is not None:
            self._stopping = True
            self._stop()
            self.refresh()

    def _on_stop_trial(self, trial_id: str) -> None:
        # The search may have ended.
        with suppress(RuntimeError, SettingsError):
            self.stop_trial(trial_id)

    def _links(self) -> list[tuple[str, str]]:
        pages = (("This search in W&B", "group"), ("The project in W&B", "project"))
        links = [(text, self.page.url_of(page)) for text, page in pages]
        return [(text, url) for text, url in links if url]

    def _ipython_display_(self, **_: Any) -> None:
        allow_widgets()
        self.view.expect_page()
        ended = self.board.snapshot().ended is not None
        self._static_output.display(self, self.report if ended else None)


class _ImportanceTask:
    """Works, longer than a refresh may, when a tenth more trials have finished."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._computed_for: tuple[str | None, int] = (None, 0)
        self.result: ImportanceData | None = None

    def update(self, snapshot: BoardSnapshot) -> None:
        metric = snapshot.shown_metric
        finished = snapshot.counts["done"] + snapshot.counts["stopped"]
        last_metric, last_finished = self._computed_for
        due = metric != last_metric or finished >= last_finished * _GROWTH + 1
        final = snapshot.ended is not None and finished != last_finished
        if (due or final) and not (self._thread and self._thread.is_alive()):
            self._computed_for = (metric, finished)
            self._thread = threading.Thread(
                target=self._compute, args=(snapshot, metric), name="importance", daemon=True
            )
            self._thread.start()

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _compute(self, snapshot: BoardSnapshot, metric: str | None) -> None:
        self.result = importance_data(snapshot, metric)
