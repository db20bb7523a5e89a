import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from tune_wandb_nb.search_space.distributions.base import Choice, Grid, Randn
from tune_wandb_nb.search_space.distributions.ranges import Range
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.space import SearchSpace

__all__ = ["ParamType", "flat_params", "is_number", "param_types"]

_TEXT_LONGEST = 200


def flat_params(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """What is no scalar becomes text; the ``wandb`` entry, which may hold a key, is left out."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if name in ("wandb", "logger_config/wandb"):
            continue
        if isinstance(value, Mapping):
            flat.update(flat_params(value, f"{name}/"))
        elif value is None or isinstance(value, bool | int):
            flat[name] = value
        elif isinstance(value, float):
            flat[name] = float(value)
        else:
            number = getattr(value, "item", None) if getattr(value, "ndim", 1) == 0 else None
            flat[name] = number() if callable(number) else _short(value)
    return flat


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _TEXT_LONGEST else text[: _TEXT_LONGEST - 1] + "…"


def is_number(value: object) -> TypeGuard[float]:
    """Finite numbers, without booleans."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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
