"""The hyperparameters that a trainable reads and the metrics that it reports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tune_wandb_nb.search_space.distributions.names import flatten, name_problems
from tune_wandb_nb.search_space.distributions.values import SpaceError, plain
from tune_wandb_nb.search_space.inspection.config_reads import Read, reads_of
from tune_wandb_nb.search_space.inspection.reports import reports_of
from tune_wandb_nb.search_space.inspection.source import Routine, layers

__all__ = ["Hyperparameter", "hyperparameters", "reported_metrics"]

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """A value that a training function reads from its config; nested names have a "/"."""

    name: str
    has_default: bool = False
    default: Any = None


def hyperparameters(trainable: Any) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters that a trainable reads from its config, in source order.

    The search goes through ``functools.partial``, decorators, ``tune.with_parameters`` and
    ``tune.with_resources``, into the functions of the same package that the config is passed to,
    and into all methods of a class. A trainable without source has no hyperparameters.

    Example:
        >>> def train(config):
        ...     return config["optimizer"]["lr"] * config.get("momentum", 0.9)
        >>> [h.name for h in hyperparameters(train)]
        ['optimizer/lr', 'momentum']
    """
    return _outermost_items(trainable, lambda routines: _hyperparameters(reads_of(routines)))


def reported_metrics(trainable: Any) -> tuple[str, ...]:
    """Return the metrics that a trainable reports, in the order of its source.

    Metrics are the keys of the dictionaries that go to ``tune.report`` (``train.report``,
    ``session.report``), or that the function, or the ``step`` of a class, returns.

    Example:
        >>> def train(config):
        ...     return {"loss": 0.1, "val": {"loss": 0.2}}
        >>> reported_metrics(train)
        ('loss', 'val/loss')
    """
    return _outermost_items(trainable, reports_of)


def _hyperparameters(reads: Iterable[Read]) -> tuple[Hyperparameter, ...]:
    by_name: dict[str, Hyperparameter] = {}
    for read in reads:
        for hyperparameter in _expanded(read):
            earlier = by_name.get(hyperparameter.name)
            if earlier is None or (hyperparameter.has_default and not earlier.has_default):
                by_name[hyperparameter.name] = hyperparameter
    # opt = config["opt"]; opt["lr"] reads the hyperparameter "opt/lr", but none named "opt".
    names = [n for n in by_name if not any(other.startswith(f"{n}/") for other in by_name)]
    while problems := name_problems(names):
        names = [name for index, name in enumerate(names) if index not in problems]
    return tuple(by_name[name] for name in names)


def _expanded(read: Read) -> Iterable[Hyperparameter]:
    """Yield the hyperparameter of a read, or one for each key of a default that is a dictionary."""
    if any("/" in key for key in read.path):
        return  # in the form, a "/" in a name means a nested dictionary
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


def _outermost_items(
    trainable: Any, find: Callable[[tuple[Routine, ...]], tuple[_Item, ...]]
) -> tuple[_Item, ...]:
    """Return the results for the outermost function of a trainable that has any."""
    try:
        return next(filter(None, map(find, layers(trainable))), ())
    except RecursionError:  # ast.NodeVisitor cannot walk very long expressions
        return ()
