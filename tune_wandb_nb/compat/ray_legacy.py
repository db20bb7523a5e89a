"""What the forms of older Rays need of Ray and Tune that these do not promise."""

import importlib
from copy import copy
from dataclasses import replace
from typing import Any

__all__ = ["function_wrappers", "has_train_v2", "trainer_class", "with_settings"]

_TRAINER = "ray.train.v2.api.data_parallel_trainer"


def has_train_v2() -> bool:
    """Tell whether ``ray.train`` is the one that has no part in Tune (Ray Train V2).

    Ray decides when ``ray.train`` is imported, by ``RAY_TRAIN_V2_ENABLED``, and then exports the
    names of V2.
    """
    train: Any = importlib.import_module("ray.train")
    return hasattr(train, "UserCallback")


def function_wrappers() -> list[Any]:
    """Return the modules whose ``wrap_function`` makes a trainable class of a function."""
    names = ("ray.tune.trainable", "ray.tune.trainable.function_trainable")
    return [importlib.import_module(name) for name in names]


def trainer_class() -> Any:
    """Return the base class of all trainers of Ray Train V2."""
    module: Any = importlib.import_module(_TRAINER)
    return module.DataParallelTrainer


def with_settings(trainer: Any, **changes: Any) -> Any:
    """Return a copy of a trainer of Ray Train V2 with other values of its constructor's arguments.

    Trainers have no other way to be given a trial's values: what has made them is not kept.

    Raises:
        AttributeError: the trainer has no such argument.
    """
    changed = copy(trainer)
    for name, value in changes.items():
        getattr(trainer, name)
        setattr(changed, name, value)
    names = ("run_config", "train_loop_config", "scaling_config")
    context = {name: getattr(changed, name) for name in names}
    changed.train_run_context = replace(trainer.train_run_context, **context)
    return changed
