"""Ray and Tune in the process that starts a search."""

import contextlib
import importlib
import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray import tune

__all__ = [
    "EXPERIMENT_STATES",
    "SOCKET_IN_TEMP_FOLDER",
    "adapt_tensorboard",
    "assume_notebook",
    "delete_mark",
    "has_mark",
    "inherit_from",
    "is_trainable_category",
    "kills_detached_processes",
    "recorded_start",
    "recorded_trials",
    "replace_interrupt_event",
    "run_config_of",
    "serialize_registrations",
    "silence_sigterm_warning",
    "store_mark",
    "temp_folder",
    "trainable_registry",
    "when_ray_starts",
    "without_display",
]

EXPERIMENT_STATES = "experiment_state-*.json"
"""``*`` is the time at which Tune started."""

SOCKET_IN_TEMP_FOLDER = "/session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store"
"""The longest path that Ray appends for a socket."""

_WORKER = "ray._private.worker"
_NOTEBOOK_MODULES = ("tune", "progress_reporter", "experimental.output")
_LOCK = threading.Lock()
_REGISTERING = threading.RLock()
_SUBREAPER = "RAY_kill_child_processes_on_worker_exit_with_raylet_subreaper"


def when_ray_starts(call: Callable[[], None]) -> None:
    """At the end of ``ray.init``; without this list, trials use the keys of their own nodes."""
    importlib.import_module("ray")
    hooks = _post_init_hooks()
    if call not in hooks:
        hooks.append(call)


def _post_init_hooks() -> list[Callable[[], None]]:
    return getattr(_worker_module(), "_post_init_hooks", [])


def temp_folder() -> Path | None:
    """None before Ray has started, and where Ray hides it."""
    node = getattr(_worker_module(), "_global_node", None)
    get: Callable[[], str] | None = getattr(node, "get_temp_dir_path", None)
    return Path(get()) if get is not None else None


def silence_sigterm_warning() -> None:
    """No user can act on that red text."""
    logging.getLogger(_WORKER).addFilter(_is_no_sigterm_warning)


def kills_detached_processes(environ: Mapping[str, str]) -> bool:
    return environ.get(_SUBREAPER, "").lower() in ("1", "true")


# Tune's loop


def replace_interrupt_event(choose: Callable[[], threading.Event | None]) -> None:
    """Let ``choose`` provide the event that interrupts ``fit``, unless it returns None.

    Nothing else ends a search such that its trials can be resumed. Only the first call counts.
    """
    loop: Any = importlib.import_module("ray.tune.tune")
    original = loop._setup_signal_catching
    _replace_once(loop, "_setup_signal_catching", lambda: choose() or original())


def run_config_of(tuner: "tune.Tuner") -> Any:
    """None with Ray Client."""
    local = getattr(tuner, "_local_tuner", None)
    return None if local is None else local.get_run_config()


def assume_notebook() -> None:
    """Tune compares names of classes, and would print its tables as text in Colab's shell."""
    for name in _NOTEBOOK_MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            module: Any = importlib.import_module(f"ray.tune.{name}")
            module.IS_NOTEBOOK = True


def adapt_tensorboard(*versions: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Let Tune's TensorBoard logger, whose failure ends the search, take the first that it can."""
    with contextlib.suppress(ImportError, AttributeError):
        logger: Any = importlib.import_module("ray.tune.logger").TBXLoggerCallback
        original = logger.log_trial_result

        def log_trial_result(self: Any, iteration: int, trial: Any, result: Any) -> None:
            for version in versions:
                try:
                    original(self, iteration, trial, version(result))
                except Exception as error:  # noqa: PERF203 - the next one may do
                    logging.getLogger(__name__).debug("TensorBoard: %r", error)
                else:
                    return

        _replace_once(logger, "log_trial_result", log_trial_result)


def without_display(state: Mapping[str, Any]) -> dict[str, Any]:
    return {**state, "_display_handle": None}


# Trainables


def serialize_registrations() -> None:
    """Of two searches that start at once, one would end in "dictionary changed size"."""
    registry = trainable_registry()
    with _LOCK:
        for name in ("register", "flush_values"):
            method = getattr(registry, name, None)
            if method is None:
                continue

            def serialized(*args: Any, method: Any = method) -> Any:
                with _REGISTERING:
                    return method(*args)

            hooks = _post_init_hooks()
            if _replace_once(registry, name, serialized) and method in hooks:
                # Ray calls it when one of the two starts Ray.
                hooks[hooks.index(method)] = serialized


def trainable_registry() -> Any:
    registry: Any = importlib.import_module("ray.tune.registry")
    return registry._global_registry


def is_trainable_category(category: str) -> bool:
    registry: Any = importlib.import_module("ray.tune.registry")
    return bool(category == registry.TRAINABLE_CLASS)


def inherit_from(function: Any, *bases: type) -> None:
    """Where Tune ignores the mark, the trial itself adds the bases."""
    function.__mixins__ = bases


# Ray's key-value store, which all processes of a cluster share


def store_mark(name: str) -> None:
    if (store := _key_value_store()) is not None:
        store._internal_kv_put(name.encode(), b"1", overwrite=True)


def delete_mark(name: str) -> None:
    if (store := _key_value_store()) is not None:
        store._internal_kv_del(name.encode())


def has_mark(prefix: str) -> bool:
    """False without the store: a trial's `setup_wandb` then does without the driver."""
    store = _key_value_store()
    return store is not None and bool(store._internal_kv_list(prefix.encode()))


def _key_value_store() -> Any:
    with contextlib.suppress(ImportError, AttributeError):
        store: Any = importlib.import_module("ray.experimental.internal_kv")
        if store._internal_kv_initialized():
            return store
    return None


# Tune's files


def recorded_trials(state: Path) -> list[dict[str, Any]]:
    """Raises ValueError, LookupError or TypeError for a file that is half written."""
    recorded = json.loads(state.read_text(encoding="utf-8"))["trial_data"]
    return [json.loads(trial) for trial, _ in recorded]


def recorded_start(state: Path) -> tuple[str | None, float | None]:
    try:
        recorded = json.loads(state.read_text(encoding="utf-8"))
        metric = recorded["runner_data"].get("_metric")
        started = recorded["stats"].get("start_time")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None, None
    has_start = isinstance(started, float | int)
    return metric if isinstance(metric, str) else None, float(started) if has_start else None


def _replace_once(owner: Any, name: str, by: Any) -> bool:
    """Return whether this call is the first."""
    if is_first := not hasattr(getattr(owner, name), "original"):
        by.original = getattr(owner, name)
        setattr(owner, name, by)
    return is_first


def _worker_module() -> Any:
    ray = sys.modules.get("ray")
    return getattr(getattr(ray, "_private", None), "worker", None)


def _is_no_sigterm_warning(record: logging.LogRecord) -> bool:
    return "SIGTERM handler is not set" not in record.getMessage()
