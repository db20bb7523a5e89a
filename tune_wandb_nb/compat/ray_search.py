"""Tune's loop, as a callback that it calls can reach it."""

import importlib
import sys
from collections.abc import Mapping
from types import FrameType, new_class
from typing import Any
from weakref import WeakSet

__all__ = ["TuneSearch", "calling_search"]

_CONTROLLER = "ray.tune.execution.tune_controller"
_STARTS = ("_maybe_update_trial_queue", "_maybe_add_actors")
_NO_METRIC = "_metric"
"""What Tune gives schedulers where the user has named no metric."""
_HELD: "WeakSet[Any]" = WeakSet()


class TuneSearch:
    """Its methods are called in Tune's thread."""

    def __init__(self, controller: Any, experiment: Any, frame: FrameType) -> None:
        self._controller = controller
        self._frame: FrameType | None = frame
        """The call of ``tune.run`` that runs the loop."""
        given = frame.f_locals
        scheduler = getattr(controller, "_scheduler_alg", None)
        # Only the scheduler may have them.
        found = given.get("metric") or getattr(scheduler, "metric", None)
        self.metric: str | None = None if found == _NO_METRIC else found
        self.mode: str = given.get("mode") or getattr(scheduler, "mode", None) or "min"
        storage = getattr(experiment, "storage", None)
        self.name = str(getattr(storage, "experiment_dir_name", None) or "")
        spec = getattr(experiment, "spec", None)
        config = spec.get("config") if isinstance(spec, Mapping) else None
        self.param_space: Mapping[str, Any] = config if isinstance(config, Mapping) else {}

    @property
    def changes_config(self) -> bool:
        """Whether the scheduler changes hyperparameters of trials that run."""
        from ray.tune import schedulers

        kinds = (schedulers.PopulationBasedTraining, schedulers.PopulationBasedTrainingReplay)
        return isinstance(getattr(self._controller, "_scheduler_alg", None), kinds)

    @property
    def has_left(self) -> bool:
        """Whether Tune has returned or raised.

        After an interrupt, or an error in another callback's ``setup``, Tune calls no hook.
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

    def inherit(self, base: type) -> None:
        """Give the classes of this search's trials a first base; functions stay as they are."""
        cache = getattr(self._controller, "_class_cache", None)
        if cache is not None:
            self._controller._class_cache = _DerivedClasses(cache, base)

    def hold(self) -> None:
        """Start and resume no trial."""
        _let_hold(type(self._controller))
        _HELD.add(self._controller)

    def release(self) -> None:
        if self._controller is not None:
            _HELD.discard(self._controller)

    def forget(self) -> None:
        """Let Python free Tune's loop, which holds actors and CPUs."""
        self.release()
        self._controller = self._frame = None

    def finish(self) -> None:
        self.release()
        self._controller.search_alg.set_finished()
        for trial in list(self._controller.get_trials()):
            if trial.status in ("PENDING", "PAUSED"):
                self._controller.stop_trial(trial)

    def stop(self) -> None:
        self.release()
        self._controller.request_stop_experiment()


class _DerivedClasses:
    """Tune's cache of the classes that Ray starts, with a base for each."""

    def __init__(self, cache: Any, base: type) -> None:
        self._cache = cache
        self._base = base
        self._derived: dict[type, type] = {}

    def get(self, trainable: type) -> Any:
        from ray.tune.trainable import FunctionTrainable

        if issubclass(trainable, FunctionTrainable | self._base):
            return self._cache.get(trainable)
        if trainable not in self._derived:
            # A class that its module does not hold is sent to the trial whole.
            names = {"__doc__": trainable.__doc__, "__module__": trainable.__module__}
            self._derived[trainable] = new_class(
                trainable.__name__,
                (self._base, trainable),
                exec_body=lambda namespace: namespace.update(names),
            )
        return self._cache.get(self._derived[trainable])


def calling_search() -> TuneSearch | None:
    """Return the search that sets up the callback which calls this; without, only Tune ends it."""
    loop = getattr(importlib.import_module(_CONTROLLER), "TuneController", None)
    frame: FrameType | None = sys._getframe(1)
    controller = experiment = None
    while frame and loop is not None:
        local = frame.f_locals
        if controller is None and isinstance(local.get("self"), loop):
            controller = local["self"]
            experiment = next(iter(local.get("experiments") or ()), None)
        elif controller is not None and frame.f_globals.get("__name__") == "ray.tune.tune":
            return TuneSearch(controller, experiment, frame)
        frame = frame.f_back
    return None


def _let_hold(loop: type) -> None:
    for name in _STARTS:
        method = getattr(loop, name, None)
        if method is None or hasattr(method, "can_hold"):
            continue

        def unless_held(self: Any, method: Any = method) -> None:
            if self not in _HELD:
                method(self)

        unless_held.can_hold = True  # type: ignore[attr-defined]
        setattr(loop, name, unless_held)
