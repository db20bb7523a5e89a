"""What a search space says of each hyperparameter: a number or a category, linear or log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Choice, Grid, QRandn, Randn
from tune_wandb_nb.search_space.distributions.ranges import Range
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.params import flat_params
from tune_wandb_nb.search_space.space.space import SearchSpace

__all__ = ["ParamType", "param_types"]


@dataclass(frozen=True, slots=True)
class ParamType:
    """``values`` are those of a category, None for a number."""

    values: tuple[Any, ...] | None = None
    log: bool = False
    integer: bool = False


def param_types(space: Mapping[str, Any]) -> dict[str, ParamType]:
    """Those of constants are unknown, and a choice of numbers is a category.

    A space that Tune refuses has no types: Tune's own error is the one to see.
    """
    try:
        drawn = SearchSpace.from_param_space(space)
    except SpaceError:
        return {}
    types = {}
    for name, distribution in drawn.items():
        if isinstance(distribution, Choice | Grid):
            values = [flat_params({name: value}) for value in distribution.values]
            # A choice of dictionaries has no value of its own, but those inside.
            if all(name in value for value in values):
                types[name] = ParamType(tuple(value[name] for value in values))
        elif isinstance(distribution, Range):
            types[name] = ParamType(log=distribution.log, integer=distribution.integer)
        elif isinstance(distribution, Randn | QRandn):
            types[name] = ParamType()
    return types
