"""Tune's loop, as a callback that it calls can reach it: what is searched, and how to end it."""

import importlib
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any
from weakref import WeakSet

__all__ = ["TuneSearch", "calling_search"]

_CONTROLLER = "ray.tune.execution.tune_controller"
_STARTS = ("_maybe_update_trial_queue", "_maybe_add_actors")
"""The methods of Tune's loop that ask for new trials, and that start or resume trials."""
_NO_METRIC = "_metric"
"""The name with which Tune gives schedulers a metric where the user has named none."""
_LOCK = threading.Lock()
_HELD: "WeakSet[Any]" = WeakSet()
"""The loops that start no trial."""


class TuneSearch:
    """One search that Tune runs; its methods are called in Tune's thread.

    Args:
        controller: Tune's loop.
        experiment: What it runs.
        metric: What is optimized; None where only scheduler or search algorithm know.
        mode: "min" or "max"; None as for the metric.
        frame: The call of ``tune.run`` that runs the loop.
    """

    def __init__(
        self,
        controller: Any,
        experiment: Any,
        metric: str | None,
        mode: str | None,
        frame: FrameType | None = None,
    ) -> None:
        self._controller = controller
        self._frame = frame
        scheduler = getattr(controller, "_scheduler_alg", None)
        found = metric or getattr(scheduler, "metric", None)
        self.metric: str | None = None if found == _NO_METRIC else found
        self.mode: str = mode or getattr(scheduler, "mode", None) or "min"
        storage = getattr(experiment, "storage", None)
        self.name = str(getattr(storage, "experiment_dir_name", None) or "")
        """The experiment's name."""
        spec = getattr(experiment, "spec", None)
        config = spec.get("config") if isinstance(spec, Mapping) else None
        self.param_space: Mapping[str, Any] = config if isinstance(config, Mapping) else {}

    @property
    def changes_config(self) -> bool:
        """Whether its scheduler changes hyperparameters of trials that run (PBT, PB2)."""
        from ray.tune import schedulers

        kinds = (schedulers.PopulationBasedTraining, schedulers.PopulationBasedTrainingReplay)
        return isinstance(getattr(self._controller, "_scheduler_alg", None), kinds)

    @property
    def has_left(self) -> bool:
        """Whether Tune has returned from the search, or raised.

        Tune calls no hook where it is left by an interrupt, or by an error in another callback's
        ``setup``.
        """
        if self._frame is None:
            return False
        for frame in sys._current_frames().values():
            inner: FrameType | None = frame
            while inner is not None:
                if inner is self._frame:
                    return False
                inner = inner.f_back
        return True

    def hold(self) -> None:
        """Start no further trial, and resume none; those that run go on.

        A Tune whose loop starts trials elsewhere starts them all the same.
        """
        _let_hold(type(self._controller))
        _HELD.add(self._controller)

    def release(self) -> None:
        """Start trials again."""
        _HELD.discard(self._controller)

    def finish(self) -> None:
        """Start no further trial, and end the search when those that run have ended."""
        self.release()
        self._controller.search_alg.set_finished()
        for trial in list(self._controller.get_trials()):
            if trial.status in ("PENDING", "PAUSED"):
                self._controller.stop_trial(trial)

    def stop(self) -> None:
        """End the search with all its trials."""
        self.release()
        self._controller.request_stop_experiment()


def calling_search() -> TuneSearch | None:
    """Return the search that sets up the callback which calls this function; None outside of it.

    Where a Tune calls differently, a search is one without a known name and space, and nobody but
    Tune can end it.
    """
    loop = getattr(importlib.import_module(_CONTROLLER), "TuneController", None)
    frame: FrameType | None = sys._getframe(1)
    controller = experiment = None
    while frame and loop is not None:
        local = frame.f_locals
        if controller is None and isinstance(local.get("self"), loop):
            controller = local["self"]
            experiment = next(iter(local.get("experiments") or ()), None)
        elif controller is not None and frame.f_globals.get("__name__") == "ray.tune.tune":
            metric, mode = local.get("metric"), local.get("mode")
            return TuneSearch(controller, experiment, metric, mode, frame)
        frame = frame.f_back
    return None


def _let_hold(loop: type) -> None:
    with _LOCK:
        for name in _STARTS:
            method = getattr(loop, name, None)
            if method is None or hasattr(method, "can_hold"):
                continue

            def unless_held(self: Any, method: Any = method) -> None:
                if self not in _HELD:
                    method(self)

            unless_held.can_hold = True  # type: ignore[attr-defined]
            setattr(loop, name, unless_held)
