import importlib
import secrets
import sys
from collections.abc import Mapping
from traceback import walk_stack
from types import FrameType, new_class
from typing import Any
from weakref import WeakSet

__all__ = ["TuneSearch", "calling_search"]

_CONTROLLER = "ray.tune.execution.tune_controller"
_STARTS = ("_maybe_update_trial_queue", "_maybe_add_actors")
_NO_METRIC = "_metric"
"""What Tune gives schedulers where the user has named no metric."""
_HELD: "WeakSet[Any]" = WeakSet()
_PREFIXES: dict[str, str] = {}
"""What the trial ids of this process's searches begin with, and the folders of these searches."""


class TuneSearch:
    """Tune's loop; methods are called in its thread."""

    def __init__(self, controller: Any, experiment: Any, frame: FrameType) -> None:
        self._controller = controller
        self._frame: FrameType | None = frame
        """The call of ``tune.run`` that runs the loop."""
        given = frame.f_locals
        scheduler = getattr(controller, "_scheduler_alg", None)
        # Perhaps only the scheduler has them.
        found = given.get("metric") or getattr(scheduler, "metric", None)
        self.metric: str | None = None if found == _NO_METRIC else found
        self.mode: str = given.get("mode") or getattr(scheduler, "mode", None) or "min"
        storage = getattr(experiment, "storage", None)
        self.path = str(getattr(storage, "experiment_fs_path", None) or "")
        self.name = str(getattr(storage, "experiment_dir_name", None) or "")
        spec = getattr(experiment, "spec", None)
        config = spec.get("config") if isinstance(spec, Mapping) else None
        self.param_space: Mapping[str, Any] = config if isinstance(config, Mapping) else {}

    @property
    def changes_config(self) -> bool:
        from ray.tune import schedulers

        kinds = (schedulers.PopulationBasedTraining, schedulers.PopulationBasedTrainingReplay)
        return isinstance(getattr(self._controller, "_scheduler_alg", None), kinds)

    @property
    def has_left(self) -> bool:
        """Tune calls no hook after an interrupt, or an error in another callback's ``setup``."""
        stacks = map(walk_stack, sys._current_frames().values())
        running = (frame for stack in stacks for frame, _ in stack)
        return self._frame is not None and all(frame is not self._frame for frame in running)

    def distinguish_trials(self) -> None:
        """Give this search trial ids that no other search of this process has.

        Tune begins them with 0.4 ms of the clock; searches that start at once may have the same.
        """
        generator = getattr(self._controller, "_search_alg", None)
        prefix = getattr(generator, "_uuid_prefix", None)
        if prefix is None:
            return  # Other search algorithms draw ids at random.
        while _PREFIXES.setdefault(prefix, self.path) != self.path:
            prefix = f"{secrets.token_hex(3)[:5]}_"
        for each in (*getattr(generator, "_iterators", ()), generator):
            name = "_uuid_prefix" if each is generator else "uuid_prefix"
            setattr(each, name, prefix)

    def inherit(self, base: type) -> None:
        """Give the classes of the trials a first base; functions stay as they are."""
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
    """Tune's cache of the classes that Ray starts."""

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
    """Return the search that sets up the callback which calls this."""
    loop: Any = getattr(importlib.import_module(_CONTROLLER), "TuneController", ())
    controller = experiment = None
    for frame, _ in walk_stack(sys._getframe(1)):
        local = frame.f_locals
        if controller is None and isinstance(local.get("self"), loop):
            controller = local["self"]
            experiment = next(iter(local.get("experiments") or ()), None)
        elif controller is not None and frame.f_globals.get("__name__") == "ray.tune.tune":
            return TuneSearch(controller, experiment, frame)
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
