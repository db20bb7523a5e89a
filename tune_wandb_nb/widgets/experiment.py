import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.auth.credentials import read_key_file, use_key
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.config_entry import entry_of, without_key
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tuning.search.search import Search, Status
from tune_wandb_nb.widgets.base.frontend import detect_frontend
from tune_wandb_nb.widgets.dashboard.dashboard import Dashboard
from tune_wandb_nb.widgets.dashboard.lasting import write_report
from tune_wandb_nb.widgets.dashboard.open_experiment import recall_experiment

if TYPE_CHECKING:
    from ray import tune

    from tune_wandb_nb.tracking.driver.logger import WandbLogger

__all__ = ["Experiment", "key_of_entry"]

_SETTLE_TIMEOUT = 30.0


class Experiment:
    """A Tune search in the background, tracked in W&B, with its dashboard.

    Args:
        trainable: What ``tune.Tuner`` takes, and so are the next three.
        param_space: The search space. An API key in its ``wandb`` entry is taken out, since Tune
            writes the search space to disk.
        tune_config: A ``tune.TuneConfig``. Its ``metric`` and ``mode`` may be lists, for an
            algorithm that takes several, such as ``OptunaSearch``.
        run_config: A ``tune.RunConfig``.
        wandb: Settings for a `WandbLogger`, or one that is made already.
        dashboard: False for none, or a `Dashboard` of your own.
        height: The height of the W&B page in pixels.

    Raises:
        SettingsError: a setting of W&B, or a dashboard, that cannot be used.

    Example:
        >>> experiment = tw.Experiment(
        ...     train_fn,
        ...     param_space={"lr": tune.loguniform(1e-4, 1e-1)},
        ...     tune_config=tune.TuneConfig(metric="accuracy", mode="max", num_samples=4),
        ...     wandb={"project": "digits"},
        ... )
        >>> experiment.start()
        >>> results = experiment.wait()
    """

    def __init__(
        self,
        trainable: Any,
        *,
        param_space: Mapping[str, Any] | None = None,
        tune_config: "tune.TuneConfig | None" = None,
        run_config: "tune.RunConfig | None" = None,
        wandb: "Mapping[str, Any] | WandbLogger | None" = None,
        dashboard: bool | Dashboard = True,
        height: int = 760,
    ) -> None:
        space = dict(param_space or {})
        callbacks = list(getattr(run_config, "callbacks", None) or [])
        self.logger, added_callbacks = _logger(wandb, entry_of(space), callbacks)
        if self.logger is not None:
            self.logger.report_with(write_report)
        self._key = key_of_entry(entry_of(space))
        self.dashboard = _dashboard(dashboard, height)
        if self.dashboard is not None:
            self.dashboard.attach(
                logger=self.logger,
                stop=self.stop,
                stop_trial=self.stop_trial,
                param_space=without_key(space),
            )
        self._search = Search(
            trainable,
            param_space=without_key(space),
            tune_config=tune_config,
            run_config=run_config,
            callbacks=added_callbacks,
            progress_reporter=self.dashboard.reporter if self.dashboard else None,
            board=self.dashboard.board if self.dashboard else None,
        )

    @property
    def status(self) -> Status:
        """Where the search stands: new, running, stopping, stopped, finished or failed."""
        return self._search.status

    @property
    def results(self) -> "tune.ResultGrid | None":
        """The results; None until the search has ended."""
        return self._search.results

    @property
    def error(self) -> BaseException | None:
        """What ended the search early, if anything."""
        return self._search.error

    @property
    def path(self) -> str | None:
        """The experiment's folder; None until it starts."""
        return self._search.path

    def start(self, *, show: bool = True) -> None:
        """Start the search, show the dashboard in a notebook, and return at once."""
        with self._key_in_context():
            self._search.start()
        for warning in self._search.warnings():
            print(f"tune-wandb-nb: {warning}")
        if show:
            self._show()

    def resume(
        self, path: "str | os.PathLike[str] | None" = None, *, show: bool = True, **how: Any
    ) -> None:
        """Go on after a stop, or with the experiment in ``path``; see ``tune.Tuner.restore``.

        In a new kernel the dashboard shows earlier results, too.
        """
        if path is not None:
            recall_experiment(self._search.board, os.fspath(path))
        with self._key_in_context():
            self._search.resume(path, **how)
        if show:
            self._show()

    def stop(self) -> None:
        """Ask the search to end, with its trials and W&B runs."""
        self._search.stop()

    def stop_trial(self, trial_id: str) -> None:
        """Let one trial end with its next result."""
        self._search.stop_trial(trial_id)

    def wait(self, timeout: float | None = None) -> "tune.ResultGrid":
        """Wait for the results; an interrupt stops the search cleanly."""
        try:
            return self._search.wait(timeout)
        finally:
            # nbconvert stops the kernel after the last cell.
            if self.dashboard is not None and self.status in ("finished", "stopped", "failed"):
                self.dashboard.settle(_SETTLE_TIMEOUT)

    def _show(self) -> None:
        if self.dashboard is not None and detect_frontend().shows_widgets:
            from IPython.display import display

            display(self.dashboard)  # type: ignore[no-untyped-call]

    def _key_in_context(self) -> AbstractContextManager[None]:
        # The search's thread runs in a copy of this context.
        return use_key(self._key) if self._key is not None else nullcontext()


def _dashboard(given: object, height: int) -> Dashboard | None:
    if isinstance(given, Dashboard):
        return given
    if not isinstance(given, bool):
        raise SettingsError(
            f"dashboard must be True, False or a Dashboard, but it is a {type(given).__name__}."
        )
    return Dashboard(height=height) if given else None


def _logger(
    wandb: Any, entry: object, callbacks: Iterable[Any]
) -> tuple["WandbLogger | None", list[Any]]:
    from tune_wandb_nb.tracking.driver.logger import WandbLogger

    logger = next((found for found in callbacks if isinstance(found, WandbLogger)), None)
    if logger is not None and (wandb is None or wandb is logger):
        return logger, []
    if logger is not None:
        raise SettingsError(
            "W&B is set twice, in wandb= and by a WandbLogger among the callbacks of run_config;"
            " keep one of them."
        )
    if isinstance(wandb, WandbLogger):
        return wandb, [wandb]
    if wandb is None and entry is None:
        return None, []
    if wandb is not None and not isinstance(wandb, Mapping):
        raise SettingsError(
            "wandb must be settings such as {'project': 'digits'} or a WandbLogger, but it is a"
            f" {type(wandb).__name__}."
        )
    logger = WandbLogger(**(wandb or {}))
    return logger, [logger]


def key_of_entry(entry: object) -> ApiKey | None:
    """Read the key of a config's ``wandb`` entry; raises SettingsError."""
    if not isinstance(entry, Mapping):
        return None
    given = {name: entry.get(name) for name in ("api_key", "api_key_file")}
    checked = WandbSettings.resolve(given)
    if checked.api_key_file is not None:
        return read_key_file(checked.api_key_file)
    return checked.api_key
