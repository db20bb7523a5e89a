"""The hyperparameters that a trainable reads and the metrics that it reports, by its source."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tune_wandb_nb.tuning.distributions.names import flatten, name_problems
from tune_wandb_nb.tuning.distributions.values import SpaceError, plain
from tune_wandb_nb.tuning.inspection.config_reads import Read, reads_of
from tune_wandb_nb.tuning.inspection.reports import reports_of
from tune_wandb_nb.tuning.inspection.source import Routine, layers

__all__ = ["Hyperparameter", "hyperparameters", "reported_metrics"]

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A value that a training function reads from its config; nested names have a "/"."""

    name: str
    has_default: bool = False
    default: Any = None


def hyperparameters(trainable: Any) -> tuple[Hyperparameter, ...]:
    """Return what a trainable reads from its config, in the order of its source.

    It looks through ``functools.partial``, decorators, ``tune.with_parameters`` and
    ``tune.with_resources``, into the functions of the same package that the config is passed to,
    and into all methods of a class. Without the source it finds nothing.

    Example:
        >>> def train(config):
        ...     return config["optimizer"]["lr"] * config.get("momentum", 0.9)
        >>> [h.name for h in hyperparameters(train)]
        ['optimizer/lr', 'momentum']
    """
    return _first(trainable, lambda routines: _hyperparameters(reads_of(routines)))


def reported_metrics(trainable: Any) -> tuple[str, ...]:
    """Return the metrics that a trainable reports, in the order of its source.

    They are the keys of dictionaries that go to ``tune.report`` (``train.report``,
    ``session.report``) or are returned by the function, or by the ``step`` of a class.

    Example:
        >>> def train(config):
        ...     return {"loss": 0.1, "val": {"loss": 0.2}}
        >>> reported_metrics(train)
        ('loss', 'val/loss')
    """
    return _first(trainable, reports_of)


def _hyperparameters(reads: Iterable[Read]) -> tuple[Hyperparameter, ...]:
    found: dict[str, Hyperparameter] = {}
    for read in reads:
        for hyperparameter in _expanded(read):
            known = found.get(hyperparameter.name)
            if known is None or (hyperparameter.has_default and not known.has_default):
                found[hyperparameter.name] = hyperparameter
    # A dictionary is read on the way to what is in it: opt = config["opt"]; opt["lr"].
    names = [n for n in found if not any(other.startswith(f"{n}/") for other in found)]
    while problems := name_problems(names):
        names = [name for index, name in enumerate(names) if index not in problems]
    return tuple(found[name] for name in names)


def _expanded(read: Read) -> Iterable[Hyperparameter]:
    """Yield a read's hyperparameter; of a dictionary as its default, one for each of its keys."""
    if any("/" in key for key in read.path):
        return  # the form would take it for a nested name
    name = "/".join(read.path)
    try:
        default = plain(read.default)
    except SpaceError:
        yield Hyperparameter(name)
        return
    if not isinstance(default, dict):
        yield Hyperparameter(name, read.has_default, default)
    elif not default:
        yield Hyperparameter(name)
    else:
        for inner, value in flatten(default, f"{name}/"):
            yield Hyperparameter(inner, has_default=True, default=value)


def _first(
    trainable: Any, find: Callable[[tuple[Routine, ...]], tuple[_Found, ...]]
) -> tuple[_Found, ...]:
    """Return what is found in a trainable itself, else in what it wraps, and so on inwards."""
    try:
        return next(filter(None, map(find, layers(trainable))), ())
    except RecursionError:  # an expression too long for Python's own visitors
        return ()
