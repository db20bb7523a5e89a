import contextvars
import copy
import os
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from tune_wandb_nb.compat.ray import (
    run_config_of,
    serialize_registrations,
    silence_sigterm_warning,
)
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.callback import BoardCallback
from tune_wandb_nb.tuning.board.objectives import objectives_of
from tune_wandb_nb.tuning.search.interrupt import interrupted_by
from tune_wandb_nb.tuning.search.start_warnings import start_warnings

if TYPE_CHECKING:
    from ray import tune
    from ray.tune.callback import Callback

__all__ = ["Search", "SearchError", "Status", "without_objectives"]

Status = Literal["new", "running", "stopping", "stopped", "finished", "failed"]

_POLL_SECONDS = 0.2
_RUNNING = ("running", "stopping")


class SearchError(RuntimeError):
    """The search is in the wrong state for a call."""


class Search:
    """One search in a thread of its own; the arguments are those of ``tune.Tuner``.

    ``metric`` and ``mode`` may be lists. The ``run_config`` is copied; its callbacks come before
    ``callbacks``, its progress reporter stays.
    """

    def __init__(
        self,
        trainable: Any,
        *,
        param_space: Mapping[str, Any] | None = None,
        tune_config: "tune.TuneConfig | None" = None,
        run_config: "tune.RunConfig | None" = None,
        callbacks: "Iterable[Callback]" = (),
        progress_reporter: Any = None,
        board: TrialBoard | None = None,
    ) -> None:
        self._trainable = trainable
        self._param_space = dict(param_space or {})
        self._tune_config = without_objectives(tune_config)
        self._run_config = run_config
        self.board = board or TrialBoard()
        self.board.judge_by(
            getattr(tune_config, "metric", None), getattr(tune_config, "mode", None)
        )
        self._recorder = BoardCallback(self.board)
        self._more_callbacks = (*callbacks, self._recorder)
        self._reporter = progress_reporter
        self._lock = threading.Lock()
        self.status: Status = "new"
        self._done = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.results: tune.ResultGrid | None = None
        self.error: BaseException | None = None
        """What ended the search early, other than failed trials."""
        self.path: str | None = None

    def warnings(self) -> list[str]:
        """What looks wrong; the search can start all the same."""
        metrics = [objective.metric for objective in self.board.snapshot().objectives]
        return start_warnings(self._trainable, self._param_space, metrics)

    def start(self) -> None:
        if self.status != "new":
            raise SearchError(
                f"a search starts once, but this one is {self.status};"
                " resume() goes on with it once it has ended, a new Experiment starts from the"
                " beginning."
            )
        self._launch(None, {})

    def resume(self, path: "str | os.PathLike[str] | None" = None, **how: Any) -> None:
        """``path`` is of another experiment, ``how`` for ``tune.Tuner.restore``."""
        if self.status in _RUNNING:
            raise SearchError(
                f"a search can be resumed when it has ended, but this one is {self.status};"
                " stop() and wait() first."
            )
        folder = os.fspath(path) if path is not None else self.path
        if folder is None:
            raise SearchError(
                "there is nothing to resume: this search was not started;"
                " start() it, or give the folder of an earlier experiment."
            )
        self._launch(folder, how)

    def stop(self) -> None:
        """Returns at once."""
        with self._lock:
            if self.status == "running":
                self.status = "stopping"
        self._stop.set()

    def stop_trial(self, trial_id: str) -> None:
        if self.status != "running":
            raise SearchError(
                f"a trial can be stopped while its search runs, but this one is {self.status}."
            )
        self._recorder.stop_trial(trial_id)

    def wait(self, timeout: float | None = None) -> "tune.ResultGrid":
        """Raises the error that ended the search, or TimeoutError.

        The first interrupt (Ctrl+C) stops the search cleanly, a second one ends `wait` at once.
        """
        if self.status == "new":
            raise SearchError("this search was not started: call start() before wait().")
        try:
            ended = self._join(timeout)
        except KeyboardInterrupt:
            print("Stopping the search; interrupt again to leave at once.", flush=True)
            self.stop()
            ended = self._join(None)
        if not ended:
            raise TimeoutError(
                f"the search still runs after {timeout:g} s; wait() again, or stop() it."
            )
        if self.error is not None:
            raise self.error
        assert self.results is not None
        return self.results

    def _launch(self, folder: str | None, how: Mapping[str, Any]) -> None:
        self._done.clear()
        self._stop.clear()
        self.results = self.error = None
        self.status = "running"
        # Ray takes seconds to start, and may fail: dashboards follow the board from now.
        self.board.begin()
        # With this context, output appears below the notebook cell that started the search.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run, folder, how), name="tune-search", daemon=True
        )
        self._thread.start()

    def _run(self, folder: str | None, how: Mapping[str, Any]) -> None:
        silence_sigterm_warning()
        serialize_registrations()
        try:
            tuner = self._tuner() if folder is None else self._restored_tuner(folder, how)
            self.path = folder or _folder_of(tuner)
            with interrupted_by(self._stop):
                self.results = tuner.fit()
        except BaseException as error:
            self.error = error
            self.board.end(error=f"{type(error).__name__}: {error}")
        finally:
            if self.results is not None:
                self.path = self.results.experiment_path
            with self._lock:
                ended: Status = "stopped" if self._stop.is_set() else "finished"
                self.status = "failed" if self.error is not None else ended
            self._done.set()

    def _tuner(self) -> "tune.Tuner":
        from ray import tune

        run_config = copy.copy(self._run_config) if self._run_config else tune.RunConfig()
        self._add_callbacks(run_config)
        return tune.Tuner(
            self._trainable,
            param_space=self._param_space,
            tune_config=self._tune_config,
            run_config=run_config,
        )

    def _restored_tuner(self, folder: str, how: Mapping[str, Any]) -> "tune.Tuner":
        from ray import tune

        tuner = tune.Tuner.restore(
            folder,
            trainable=self._trainable,
            **({"param_space": self._param_space} if self._param_space else {}),
            **how,
        )
        run_config = run_config_of(tuner)
        if run_config is not None:
            # The unpickled callbacks have no boards, widgets and keys.
            run_config.callbacks = list(getattr(self._run_config, "callbacks", None) or [])
            run_config.progress_reporter = getattr(self._run_config, "progress_reporter", None)
            self._add_callbacks(run_config)
        return tuner

    def _add_callbacks(self, run_config: Any) -> None:
        run_config.callbacks = [*(run_config.callbacks or []), *self._more_callbacks]
        run_config.progress_reporter = run_config.progress_reporter or self._reporter

    def _join(self, timeout: float | None) -> bool:
        # On Windows, Ctrl+C cannot interrupt an unlimited wait.
        if timeout is not None:
            return self._done.wait(timeout)
        while not self._done.wait(_POLL_SECONDS):
            pass
        return True


def _folder_of(tuner: "tune.Tuner") -> str | None:
    run_config = run_config_of(tuner)
    if run_config is None:
        return None
    # A pathlib.Path would damage a URI.
    return f"{os.fspath(run_config.storage_path).rstrip('/')}/{run_config.name}"


def without_objectives(tune_config: Any) -> Any:
    """Drop several objectives, which Tune takes in an algorithm only; raises SettingsError."""
    objectives = objectives_of(
        getattr(tune_config, "metric", None), getattr(tune_config, "mode", None)
    )
    if len(objectives) < 2:  # noqa: PLR2004 - one objective is what Tune takes
        return tune_config
    algorithm = tune_config.search_alg
    # Without a metric the algorithm would wait for Tune's.
    if algorithm is not None and getattr(algorithm, "metric", ()) is None:
        metrics, modes = [o.metric for o in objectives], [o.mode for o in objectives]
        raise SettingsError(
            f"with several metrics the search algorithm needs them, too, but this"
            f" {type(algorithm).__name__} has none; write"
            f" {type(algorithm).__name__}(metric={metrics}, mode={modes})."
        )
    plain = copy.copy(tune_config)
    plain.metric = plain.mode = None
    return plain
