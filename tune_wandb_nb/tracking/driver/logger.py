import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.compat.ray import adapt_tensorboard
from tune_wandb_nb.compat.ray_search import calling_search
from tune_wandb_nb.tracking.driver.departure import Departure
from tune_wandb_nb.tracking.driver.search_info import SearchInfo
from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.driver.shutdown import close_session
from tune_wandb_nb.tracking.driver.trial_hooks import TrialHooks
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.setup_config import KeepsSetupConfig
from tune_wandb_nb.tracking.results.tensorboard import for_tensorboard, numbers_of
from tune_wandb_nb.tracking.results.trial_end import ending_of, interrupted_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.views.search_run import ReportWriter

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["WandbLogger", "WandbLoggerCallback"]

_CATCH_UP = 1.0


class WandbLogger(SearchInfo, TrialHooks):
    """Logs every trial of a Ray Tune search as a W&B run, without slowing the search.

    The run's id and name are the trial's, its group is the experiment's name. Without an API key
    runs are written offline, for ``wandb sync``. Every argument can also stand in the ``wandb``
    entry of the config, which wins key by key; where neither has a value the environment is asked
    (``WANDB_PROJECT``, ``WANDB_RUN_GROUP``, ``WANDB_MODE``, ``WANDB_DIR``, ``WANDB_BASE_URL``).

    Args:
        project: The W&B project.
        group: Groups the runs; by default the experiment's name. Like ``job_type``, ``name``,
            ``tags``, ``notes`` and ``dir`` also a function of the trial.
        api_key_file: A file whose first line is the key, on this machine; ``~`` is expanded.
        api_key: The W&B API key. Better: `tune_wandb_nb.login`, which asks for it.
        excludes: Metrics and config keys to leave out: names, also nested ("info/learner"), and
            globs ("info/*").
        log_config: Log hyperparameters that change during a trial (PBT) as ``config/<name>``.
        upload_checkpoints: Log checkpoints as artifacts: True for each of them, "best" (by the
            first metric of ``best``) or "last" for that one, when its trial ends.
        save_checkpoints: An older name of ``upload_checkpoints``.
        upload_timeout: Seconds to wait for the uploads at the end of the search.
        video_kwargs: Arguments for ``wandb.Video``, made from 5-D arrays (N, T, C, H, W).
        image_kwargs: Arguments for ``wandb.Image``, made from 3-D (H, W, C) and 4-D arrays.
        best: Metrics whose best value is kept in the summary, such as ``{"accuracy": "max"}``.
        mode: "online", "offline" or "disabled"; by default online with a key, offline without.
        host: The address of a self-hosted W&B server.
        dir: Where W&B files go (in a folder ``wandb`` there); by default ``./wandb``.
        log_output: Keep a trial's console output, which Tune writes with ``log_to_file``, in the
            run.
        sweep: Register the search as a W&B sweep, whose page has parallel coordinates and
            importance and can pause or stop it; a mapping is the sweep's configuration.
        view: Save a view of the search in the W&B project, online: see `save_view`.
        search_run: Give the search a run of its own, of job type "search": the best value so far,
            the trials by status, and at the end a table of them. A function, such as
            `tune_wandb_nb.write_report`, also writes an HTML report for the run; `Experiment` adds
            it by itself.
        **wandb_init_kwargs: Everything else goes to ``wandb.init``: ``entity``, ``tags``,
            ``notes``, ``job_type``, ``settings``, ... and the classic ``run_id``, ``run_name``.

    Raises:
        SettingsError: an argument that cannot be used.

    Example:
        >>> from ray import tune
        >>> logger = WandbLogger(project="digits", mode="offline")
        >>> run_config = tune.RunConfig(callbacks=[logger])
    """

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it.

    def __init__(  # noqa: PLR0917 - in the order that Ray's callback has
        self,
        project: str | None = None,
        group: str | Callable[[Any], str] | None = None,
        api_key_file: str | None = None,
        api_key: str | None = None,
        excludes: Any = (),
        log_config: bool = False,
        upload_checkpoints: bool | str = False,
        save_checkpoints: bool = False,
        upload_timeout: float = 60.0,
        video_kwargs: Mapping[str, Any] | None = None,
        image_kwargs: Mapping[str, Any] | None = None,
        *,
        best: Mapping[str, str] | None = None,
        mode: str | None = None,
        host: str | None = None,
        dir: str | Callable[[Any], str] | None = None,  # noqa: A002 - wandb.init's name for it
        log_output: bool = False,
        sweep: bool | Mapping[str, Any] = False,
        view: bool = False,
        search_run: bool | ReportWriter = False,
        **wandb_init_kwargs: Any,
    ) -> None:
        given = dict(locals())
        del given["self"]
        given |= given.pop("wandb_init_kwargs")
        if wandb_init_kwargs:
            check_init_arguments(wandb_init_kwargs)
        checked = WandbSettings.resolve(given)
        # An `ApiKey` neither prints nor pickles.
        self._arguments = {**given, "api_key": checked.api_key}
        if save_checkpoints:
            self._arguments |= {"upload_checkpoints": True, "save_checkpoints": False}
        if "settings" in given:
            self._arguments["settings"] = checked.init.get("settings")
        self._session: Session | None = None
        self._restored: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        # Neither the session nor the key may get to a disk.
        arguments = {**self._arguments, "api_key": None}
        return {**self.__dict__, "_arguments": arguments, "_session": None, "_restored": {}}

    def report_with(self, write_report: ReportWriter) -> None:
        """Have ``write_report`` write the report in the search's run, unless one was given."""
        if self._arguments["search_run"] is True:
            self._arguments = {**self._arguments, "search_run": write_report}

    def setup(self, stop: Any = None, *args: Any, **info: Any) -> None:
        del args
        search = calling_search()
        session = Session(self._arguments, restored=self._restored, search=search)
        session.start()
        if search is not None:
            search.distinguish_trials()
            search.inherit(KeepsSetupConfig)
        adapt_tensorboard(for_tensorboard, numbers_of)
        self._session = session
        session.departure = Departure(search, partial(close_session, session), session.pages.end)
        session.departure.start()
        budget = info.get("time_budget_s")
        self._deadline = time.monotonic() + float(budget) if budget else None
        self._custom_stopper = stop is not None and not isinstance(stop, Mapping)
        session.notices.flush()

    def log_trial_start(self, trial: "Trial") -> None:
        session = self._live()
        tracked = session.trials.get(trial.trial_id)
        if tracked is None:
            session.open_trial(
                TrialNames.of(trial),
                trial.config,
                TrialSource.of(trial),
                inherits_mixin=session.remote.inherits_mixin(
                    trial.trainable_name, trial.get_trainable_cls
                ),
                trial=trial,
            )
        elif tracked.ended:
            session.reopen_trial(tracked)
        elif isinstance(tracked.run, TrialRun):
            session.send(tracked, tracked.config_change(trial, session.tune_trials))

    def log_trial_result(self, iteration: int, trial: "Trial", result: dict[str, Any]) -> None:
        del iteration
        session = self._live()
        tracked = session.trials.get(trial.trial_id)
        assert tracked is not None, "Tune reports no result of a trial that it has not started"
        tracked.stats.reported += 1
        tracked.stopping = bool(result.get("done"))
        if isinstance(tracked.run, TrialRun):
            session.media.keep(result)
            # A copy: Tune and later callbacks may change the result.
            session.send(tracked, partial(tracked.rows.row, dict(result)))

    def log_trial_save(self, trial: "Trial") -> None:
        session, checkpoint = self._live(), trial.checkpoint
        tracked = session.trials.get(trial.trial_id)
        if tracked is None or checkpoint is None or not isinstance(tracked.run, TrialRun):
            return
        if tracked.is_new(checkpoint.path) and not tracked.checkpoints.is_none:
            saved = SavedCheckpoint.of(checkpoint, trial.last_result or {})
            if (chosen := tracked.checkpoints.add(saved)) is not None:
                session.send(tracked, chosen)

    def log_trial_end(self, trial: "Trial", failed: bool = False) -> None:
        tracked = self._live().trials.get(trial.trial_id)
        if tracked is not None and not tracked.ended:
            ending = ending_of(
                trial,
                failed=failed,
                stopping=tracked.stopping,
                stopped_in_wandb=tracked.stats.stopped_in_wandb,
                custom_stopper=self._custom_stopper,
            )
            self._live().end_trial(tracked, tracked.with_output(ending, trial))

    def on_step_end(self, iteration: int, trials: list["Trial"], **info: Any) -> None:
        del iteration, info
        session = self._live()
        session.stops.pass_on(trials, session.trials.stats_of, session.notices)
        session.poll(lambda: trials[0].storage.experiment_fs_path if trials else None)

    def on_experiment_end(self, trials: list["Trial"], **info: Any) -> None:
        del info
        session = self._live()
        session.tune_trials = trials
        is_up = self._deadline is not None and time.monotonic() >= self._deadline
        in_wandb = session.pages.sweep is not None and session.pages.sweep.is_cancelled
        if session.departure is None or session.departure.end():
            ending = partial(interrupted_ending, time_is_up=is_up, in_wandb=in_wandb)
            close_session(session, ending)

    def get_state(self) -> dict[str, Any]:
        if self._session is None:
            return {}
        self._session.writer.catch_up(_CATCH_UP)
        return {**self._session.trials.state(), **self._session.pages.state()}

    def set_state(self, state: dict[str, Any]) -> None:
        # Tune calls this before `setup`.
        self._restored = dict(state)

    def _live(self) -> Session:
        if self._session is None:
            self.setup()
        assert self._session is not None
        return self._session


WandbLoggerCallback = WandbLogger
