import functools
import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tune_wandb_nb.compat.ray_trial import function_wrappers, in_tune_session, train_context
from tune_wandb_nb.tracking.legacy.patches import Age, Patch, wrapped

__all__ = ["function_patches"]

_CHECKPOINT_DIR = "checkpoint_dir"
_REPORTERS = ("reporter", "status_reporter")
_CONTEXT = ("get_trial_dir", "get_trial_id", "get_trial_name", "get_trial_resources")
_OF_TRAIN = ("report", "get_checkpoint", "get_dataset_shard")
_OF_WORKER = ("get_world_rank", "get_world_size", "get_local_rank", "get_local_world_size")
_unreported: list[str] = []
"""The folder of ``tune.checkpoint_dir``, until the next report takes it."""


def function_patches() -> list[Patch]:
    import ray.train
    import ray.tune
    from ray.air import session

    calls: dict[str, Any] = {
        "checkpoint_dir": checkpoint_dir,
        "is_session_enabled": in_tune_session,
        "durable": lambda trainable: trainable,
        **{name: _of_context(ray.tune, name) for name in _CONTEXT},
    }
    patches = [Patch(ray.tune, name, call, Age.RAY_1) for name, call in calls.items()]
    patches.append(wrapped(ray.tune, "report", _report, Age.RAY_1))
    patches.append(wrapped(ray.tune, "with_parameters", _with_classic_function, Age.RAY_1))
    patches += [
        wrapped(module, "wrap_function", _with_classic_function, Age.RAY_1)
        for module in function_wrappers()
    ]
    tunes = {
        "report": functools.partial(_report, ray.tune.report),
        "get_checkpoint": ray.tune.get_checkpoint,
        "get_context": ray.tune.get_context,
    }
    patches += [
        wrapped(ray.train, name, functools.partial(_where, in_tune_session, call), Age.RAY_2_7)
        for name, call in tunes.items()
    ]
    trains = {name: getattr(ray.train, name) for name in _OF_TRAIN}
    trains |= {name: _of_context(ray.train, name) for name in _OF_WORKER}
    return patches + [
        wrapped(session, name, functools.partial(_where, _is_worker, call), Age.RAY_2_0)
        for name, call in trains.items()
    ]


@contextmanager
def checkpoint_dir(step: int) -> Iterator[str]:
    del step
    folder = tempfile.mkdtemp(prefix="checkpoint_")
    yield folder
    _forget_checkpoint()
    _unreported.append(folder)


def _report(
    modern: Callable[..., Any],
    /,
    metrics: Any = None,
    *args: Any,
    checkpoint: Any = None,
    **named: Any,
) -> Any:
    if args:
        (checkpoint,) = args
    if not isinstance(metrics, Mapping | None):
        metrics = {"_metric": metrics}
    if named:
        metrics = {**(metrics or {}), **named}
    if checkpoint is None and _unreported:
        from ray.tune import Checkpoint

        checkpoint = Checkpoint.from_directory(_unreported[-1])
    try:
        return modern(metrics, checkpoint=checkpoint)
    finally:
        _forget_checkpoint()


def _forget_checkpoint() -> None:
    while _unreported:
        shutil.rmtree(_unreported.pop(), ignore_errors=True)


def _with_classic_function(
    modern: Callable[..., Any], /, trainable: Any, *args: Any, **kwargs: Any
) -> Any:
    if callable(trainable) and not isinstance(trainable, type):
        trainable = _with_classic_arguments(trainable)
    return modern(trainable, *args, **kwargs)


def _with_classic_arguments(function: Any) -> Any:
    try:
        names = list(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):
        return function
    wanted = [name for name in names if name == _CHECKPOINT_DIR]
    wanted += [name for name in names[:1] if name in _REPORTERS]
    if not wanted:
        return function
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def classic(config: Any, **kwargs: Any) -> Any:
            yield from function(config, **kwargs, **classic_arguments(wanted))

    else:

        @functools.wraps(function)
        def classic(config: Any, **kwargs: Any) -> Any:
            result = function(config, **kwargs, **classic_arguments(wanted))
            forget_checkpoint_of_end()
            return result

    # Tune looks at the signature: a config must be enough to call the function.
    del classic.__dict__["__wrapped__"]
    return classic


def classic_arguments(wanted: list[str]) -> dict[str, Any]:
    import ray.tune

    arguments: dict[str, Any] = dict.fromkeys(wanted, ray.tune.report)
    if _CHECKPOINT_DIR in arguments:
        checkpoint = ray.tune.get_checkpoint()
        arguments[_CHECKPOINT_DIR] = checkpoint.to_directory() if checkpoint else None
    return arguments


def forget_checkpoint_of_end() -> None:
    if _unreported:
        print(
            "tune-wandb-nb: a checkpoint was saved after the last tune.report(), and Tune takes one"
            " with a result only; open tune.checkpoint_dir() before tune.report()."
        )
        _forget_checkpoint()


def _of_context(module: Any, name: str) -> Callable[[], Any]:
    def call() -> Any:
        return getattr(module.get_context(), name)()

    call.__name__ = name
    return call


def _where(
    is_there: Callable[[], bool],
    there: Callable[..., Any],
    elsewhere: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Any:
    return (there if is_there() else elsewhere)(*args, **kwargs)


def _is_worker() -> bool:
    return train_context() is not None
