import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ipywidgets

from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.objectives import Metric, Mode
from tune_wandb_nb.widgets.dashboard.open_experiment import (
    beside_method,
    follow_experiment,
    load_experiments,
    location_of,
)
from tune_wandb_nb.widgets.dashboard.shown_search import ShownSearch
from tune_wandb_nb.widgets.report.status import headline

if TYPE_CHECKING:
    from ray import tune

    from tune_wandb_nb.tracking.driver.logger import WandbLogger
    from tune_wandb_nb.tuning.board.callback import BoardCallback
    from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

__all__ = ["Dashboard", "compare"]

_SETTLE_TIMEOUT = 30.0
_NO_SPACE: Mapping[str, Any] = {}


class Dashboard(ShownSearch):
    """Shows one search while it runs and afterwards.

    Outside of a notebook Tune prints its usual progress, with the page in W&B and, at the end, the
    audit.

    Args:
        logger: The search's `WandbLogger`; without one there is no W&B page.
        metric: The tuned metric, or several, if the search does not say.
        mode: "min" or "max"; for several metrics a list.
        height: The height of the W&B page in pixels.
        board: The board to show; by default a new one, filled by `callback`.
        stop: Called at a click on Stop.
        param_space: What ``tune.Tuner`` takes: it says which hyperparameters are categories or
            logarithmic. Without it the values decide.

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
        super().__init__(board or TrialBoard(), logger, height)
        self._closed = threading.Event()
        self.board.judge_by(metric, mode)
        self.attach(stop=stop, param_space=param_space)
        self.refresh()
        self.board.on_begin(self._refresher.start)
        if not self._refresher.is_needed:
            self._refresher.start()

    @beside_method(ipywidgets.Widget.open)
    @classmethod
    def open(
        cls,
        experiment: "str | os.PathLike[str] | tune.ResultGrid",
        *,
        follow: bool = False,
        metric: Metric = None,
        mode: Mode = None,
        param_space: Mapping[str, Any] = _NO_SPACE,
    ) -> "Dashboard":
        """Show an experiment from its folder: finished, crashed, or one that runs elsewhere.

        Args:
            experiment: The path or URI (s3://, gs://) of its folder, or a ``tune.ResultGrid``.
            follow: Go on reading while the search runs elsewhere; `close` ends that.
            metric: The tuned metric, or several; by default what Tune's files say.
            mode: "min" or "max"; needed if the search had no dashboard.
            param_space: The search space, if the search had no dashboard.

        Raises:
            SettingsError: the folder does not exist, cannot be read, or holds no experiment.

        Example:
            >>> tw.Dashboard.open("~/ray_results/digits", metric="accuracy", mode="max")
            <Dashboard: finished, 4 trials>
        """
        location = location_of(experiment)
        board = TrialBoard(metric, mode)
        if not follow:
            load_experiments(board, [location])
            return cls(board=board, param_space=param_space)
        dashboard = cls(board=board, param_space=param_space)
        follow_experiment(board, location, dashboard._closed, dashboard.show_notice)
        return dashboard

    def close(self) -> None:
        """Take the dashboard out of the notebook and follow its experiment no longer."""
        self._closed.set()
        super().close()

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
        """The Tune progress reporter that shows Tune's output here instead of printing it."""
        from tune_wandb_nb.tuning.search.html_reporter import HtmlReporter

        return HtmlReporter(self.tune.show, seen=self._terminal_report is None)

    @property
    def selected(self) -> list[str]:
        """The ids of the selected trials; can be set.

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

    def report(self) -> str:
        """Return the lasting report as HTML that needs no kernel or network."""
        return self._lasting.html()

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write the lasting report as one self-contained HTML file.

        Example:
            >>> tw.Dashboard.open("~/ray_results/digits").save("report.html")
        """
        if not self._refresher.is_needed:
            # The last refresh may still run.
            self.settle(_SETTLE_TIMEOUT)
        self._importance.update(self.board.snapshot())
        self._importance.wait()
        self._lasting.write(path)


def compare(
    *experiments: "str | os.PathLike[str] | tune.ResultGrid",
    metric: Metric = None,
    mode: Mode = None,
    param_space: Mapping[str, Any] = _NO_SPACE,
) -> Dashboard:
    """Show several experiments in one dashboard; each trial says its own.

    Args:
        *experiments: What `Dashboard.open` takes.
        metric: The tuned metric, or several; by default what the first experiment says.
        mode: "min" or "max"; for several metrics a list.
        param_space: The search space, if the searches had no dashboard.

    Raises:
        SettingsError: no experiment was given, or one cannot be opened.

    Example:
        >>> tw.compare("~/ray_results/adam", "~/ray_results/sgd", metric="loss", mode="min")
        <Dashboard: finished, 8 trials>
    """
    if not experiments:
        raise SettingsError("compare needs the folder of at least one experiment, but got none.")
    board = TrialBoard(metric, mode)
    load_experiments(board, [location_of(experiment) for experiment in experiments])
    return Dashboard(board=board, param_space=param_space)
