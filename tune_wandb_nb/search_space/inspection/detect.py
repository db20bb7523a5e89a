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
    name: str
    has_default: bool = False
    default: Any = None


def hyperparameters(trainable: Any) -> tuple[Hyperparameter, ...]:
    """In the order of the source; none without source."""
    return _outermost_items(trainable, lambda routines: _hyperparameters(reads_of(routines)))


def reported_metrics(trainable: Any) -> tuple[str, ...]:
    """What it passes to ``report``, or what the function or ``step`` returns."""
    return _outermost_items(trainable, reports_of)


def _hyperparameters(reads: Iterable[Read]) -> tuple[Hyperparameter, ...]:
    by_name: dict[str, Hyperparameter] = {}
    for read in reads:
        for hyperparameter in _expanded(read):
            earlier = by_name.get(hyperparameter.name)
            if earlier is None or (hyperparameter.has_default and not earlier.has_default):
                by_name[hyperparameter.name] = hyperparameter
    # opt = config["opt"]; opt["lr"] reads "opt/lr" only.
    names = [n for n in by_name if not any(other.startswith(f"{n}/") for other in by_name)]
    while problems := name_problems(names):
        names = [name for index, name in enumerate(names) if index not in problems]
    return tuple(by_name[name] for name in names)


def _expanded(read: Read) -> Iterable[Hyperparameter]:
    if any("/" in key for key in read.path):
        return  # it would mean a nested dictionary
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
    try:
        return next(filter(None, map(find, layers(trainable))), ())
    except RecursionError:  # a very long expression
        return ()
