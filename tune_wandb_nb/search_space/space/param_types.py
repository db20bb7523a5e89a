from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Choice, Grid, Randn
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
    """Without constants; empty for a space that Tune refuses, with an error of its own."""
    try:
        drawn = SearchSpace.from_param_space(space)
    except SpaceError:
        return {}
    types = {}
    for name, distribution in drawn.items():
        if isinstance(distribution, Choice | Grid):
            values = [flat_params({name: value}) for value in distribution.values]
            # A choice of dictionaries has values inside only.
            if all(name in value for value in values):
                types[name] = ParamType(tuple(value[name] for value in values))
        elif isinstance(distribution, Range):
            types[name] = ParamType(log=distribution.log, integer=distribution.integer)
        elif isinstance(distribution, Randn):
            types[name] = ParamType()
    return types
