import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from tune_wandb_nb.compat.ray import inherit_from
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tracking.worker.setup_wandb import open_run, train_rank
from tune_wandb_nb.tracking.worker.trainable import (
    BrokerStarter,
    WandbTrainableMixin,
    ending_of_error,
    ending_without_error,
    tracker,
    trainable_with_mixin,
)

__all__ = ["WandbTrainableMixin", "wandb_mixin"]

_Trainable = TypeVar("_Trainable", bound=Callable[..., Any])


@overload
def wandb_mixin(trainable: _Trainable) -> _Trainable: ...


@overload
def wandb_mixin(*, rank_zero_only: bool = True) -> Callable[[_Trainable], _Trainable]: ...


def wandb_mixin(trainable: Any = None, *, rank_zero_only: bool = True) -> Any:
    """Make each trial of a function or a ``tune.Trainable`` class a W&B run of its own process.

    ``wandb.init`` was called when the code runs, with the trial's id, name and config, and the
    experiment's name as group; other settings stand in the config's ``wandb`` entry. The plain W&B
    API can be used: ``wandb.log``, ``wandb.config``, ``wandb.Image``, ``wandb.watch``, artifacts.

    Args:
        trainable: The function or class.
        rank_zero_only: In the workers of a Ray Train run: only the first one logs.

    Returns:
        The same, decorated, for ``tune.Tuner``, ``tune.run``, ``tune_wandb_nb.run``,
        ``tune.with_parameters``, ``tune.with_resources`` and ``functools.partial``.

    Raises:
        SettingsError: it is neither a function nor a subclass of ``tune.Trainable``.

    Example:
        >>> @wandb_mixin
        ... def train_fn(config):
        ...     for i in range(10):
        ...         wandb.log({"loss": config["a"] / (i + 1)})
    """
    if trainable is None:
        return functools.partial(wandb_mixin, rank_zero_only=rank_zero_only)
    if isinstance(trainable, type):
        return _decorated_class(trainable)
    if not callable(trainable):
        raise SettingsError(
            "@wandb_mixin decorates a function that takes a config, or a subclass of"
            f" tune.Trainable, but got {show(trainable)}."
        )
    return _decorated_function(trainable, rank_zero_only)


def _decorated_class(trainable: type) -> type:
    from ray.tune import Trainable

    if not issubclass(trainable, Trainable):
        raise SettingsError(
            f"@wandb_mixin decorates classes that inherit from tune.Trainable, but"
            f" {trainable.__name__} does not; write class {trainable.__name__}(tune.Trainable)."
        )
    if issubclass(trainable, WandbTrainableMixin):
        return trainable
    kept = ("__module__", "__qualname__", "__doc__")
    names = {name: getattr(trainable, name) for name in kept}
    return type(trainable.__name__, (WandbTrainableMixin, trainable), names)


def _decorated_function(function: Callable[..., Any], rank_zero_only: bool) -> Callable[..., Any]:
    # The broker is started when a wrapper, which refers to this, is pickled.
    broker_starter = BrokerStarter()

    if _is_generator(function):

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            assert broker_starter
            with _tracked(_config_of(args, kwargs), rank_zero_only):
                yield from function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            assert broker_starter
            with _tracked(_config_of(args, kwargs), rank_zero_only):
                return function(*args, **kwargs)

    # Of the class that Tune makes of the function.
    inherit_from(wrapper, WandbTrainableMixin)
    if getattr(function, "__module__", None) != "__main__":
        # It is pickled by name, without its `broker_starter`; and in a functools.partial Tune does
        # not see the mixin, whose class would start the broker.
        broker_client.offer_when_ray_is_up()
    return wrapper


@contextmanager
def _tracked(config: Mapping[str, Any], rank_zero_only: bool) -> Iterator[None]:
    trainable = trainable_with_mixin()
    if rank_zero_only and trainable is None and train_rank():
        import wandb

        wandb.init(mode="disabled", reinit="finish_previous")
        yield
        return
    open_run(config, trainable)
    try:
        yield
        tracker().completed = True
    except Exception as error:
        tracker().end(ending_of_error(error))
        raise
    finally:
        # A trainable still reports the function's return value, and ends the run then.
        if trainable is None:
            tracker().end(ending_without_error())


def _is_generator(function: Callable[..., Any]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.isgeneratorfunction(function)


def _config_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    found = kwargs.get("config")
    if found is None:
        found = next((arg for arg in args if isinstance(arg, Mapping)), None)
    return found if isinstance(found, Mapping) else {}
