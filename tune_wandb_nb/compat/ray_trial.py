"""Ray and Tune in the process of a trial or of a Ray Train worker."""

import contextlib
import importlib
import sys
import threading
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from traceback import walk_stack
from typing import Any

__all__ = [
    "TuneSession",
    "add_base",
    "calling_trainable",
    "experiment_of",
    "experiment_path_of",
    "filesystem_of",
    "function_wrappers",
    "has_returned",
    "has_train_v2",
    "in_tune_session",
    "last_result_of",
    "original_folder",
    "storage_of",
    "train_context",
    "trainer_class",
    "training_thread",
    "trial_names",
    "trial_paths_of",
    "tune_session",
    "with_settings",
    "without_tunes_entries",
]

_TRAINER = "ray.train.v2.api.data_parallel_trainer"
_RETURNED = "__duplicate__"
"""Tune repeats a result with this mark when a function has returned."""
_INFO = "__trial_info__"
_ENTRIES = frozenset({_INFO, "__stdout_file__", "__stderr_file__"})


@dataclass(frozen=True, slots=True)
class TuneSession:
    """Of Tune, or of the older Ray Train."""

    trial_id: str | None = None
    trial_name: str | None = None
    experiment: str | None = None
    storage: Any = None
    rank: int = 0


def tune_session() -> TuneSession:
    """Empty in every other process; where Ray keeps it elsewhere, W&B makes names up."""
    session = _session()
    return TuneSession(
        getattr(session, "trial_id", None),
        getattr(session, "trial_name", None),
        getattr(session, "experiment_name", None),
        getattr(session, "storage", None),
        int(getattr(session, "world_rank", None) or 0),
    )


def in_tune_session() -> bool:
    """False for workers of Ray Train."""
    session = _session()
    return session is not None and getattr(session, "world_rank", None) is None


def training_thread() -> threading.Thread | None:
    """Without it the run ends at once, and loses what the function logs while it leaves."""
    thread: threading.Thread | None = getattr(_session(), "training_thread", None)
    return thread


def train_context() -> Any:
    """None outside of Ray Train V2; the public function imports Ray Train, and answers in Tune."""
    module = sys.modules.get("ray.train.v2._internal.execution.context")
    if module is None:
        return None
    with contextlib.suppress(RuntimeError):  # Raised outside of a training.
        return module.get_train_context()
    return None


def original_folder(environ: Mapping[str, str]) -> str | None:
    return environ.get("TUNE_ORIG_WORKING_DIR")


# Tune's trainables


def calling_trainable() -> Any:
    """Tune's thread calls a trial's function from a method of the trainable."""
    from ray.tune import Trainable

    objects = (frame.f_locals.get("self") for frame, _ in walk_stack(sys._getframe(1)))
    return next((found for found in objects if isinstance(found, Trainable)), None)


def add_base(trainable: Any, base: type) -> None:
    """Make an object an instance of ``base`` too, before its own class."""
    kind = type(trainable)
    trainable.__class__ = type(kind.__name__, (base, kind), {})


def has_returned(result: Mapping[str, Any]) -> bool:
    return _RETURNED in result


def trial_names(config: Mapping[str, Any]) -> tuple[str | None, str | None]:
    info = config.get(_INFO)
    return getattr(info, "trial_id", None), getattr(info, "trial_name", None)


def without_tunes_entries(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _ENTRIES}


def storage_of(trainable: Any) -> Any:
    return getattr(trainable, "_storage", None)


def experiment_of(storage: Any) -> str | None:
    return storage.experiment_dir_name if storage is not None else None


def experiment_path_of(storage: Any) -> str | None:
    return storage.experiment_fs_path if storage is not None else None


def trial_paths_of(storage: Any) -> tuple[str | None, str | None]:
    if storage is None:
        return None, None
    return storage.trial_driver_staging_path, storage.trial_fs_path


def filesystem_of(storage: Any) -> str:
    return storage.storage_filesystem.type_name if storage is not None else "local"


def last_result_of(trainable: Any) -> Mapping[str, Any]:
    """Without it a checkpoint has no metrics."""
    return getattr(trainable, "_last_result", None) or {}


def _session() -> Any:
    # Nothing is imported: a process with a session has loaded the module.
    module = sys.modules.get("ray.train._internal.session")
    return module.get_session() if module is not None else None


# For the forms of older Rays


def has_train_v2() -> bool:
    """Ray decides by ``RAY_TRAIN_V2_ENABLED`` when ``ray.train`` is imported."""
    train: Any = importlib.import_module("ray.train")
    return hasattr(train, "UserCallback")


def function_wrappers() -> list[Any]:
    """Modules whose ``wrap_function`` makes a class of a function."""
    names = ("ray.tune.trainable", "ray.tune.trainable.function_trainable")
    return [importlib.import_module(name) for name in names]


def trainer_class() -> Any:
    module: Any = importlib.import_module(_TRAINER)
    return module.DataParallelTrainer


def with_settings(trainer: Any, **changes: Any) -> Any:
    """Return a changed copy of a trainer, which does not keep the arguments that made it."""
    changed = copy(trainer)
    for name, value in changes.items():
        getattr(trainer, name)
        setattr(changed, name, value)
    names = ("run_config", "train_loop_config", "scaling_config")
    context = {name: getattr(changed, name) for name in names}
    changed.train_run_context = replace(trainer.train_run_context, **context)
    return changed
