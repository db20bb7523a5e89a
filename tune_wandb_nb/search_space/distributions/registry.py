from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    QRandn,
    Randn,
)
from tune_wandb_nb.search_space.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.search_space.distributions.values import SpaceError

__all__ = ["KINDS", "field_names", "make"]

KINDS: Mapping[str, type[Distribution]] = MappingProxyType(
    {
        cls.kind: cls
        for cls in (
            Uniform,
            QUniform,
            LogUniform,
            QLogUniform,
            Randn,
            QRandn,
            RandInt,
            QRandInt,
            LogRandInt,
            QLogRandInt,
            Choice,
            Grid,
            Constant,
        )
    }
)
"""In the order of the form, without "kept"."""


def field_names(kind: str) -> tuple[str, ...]:
    if kind not in KINDS:
        raise SpaceError(
            f"the kind must be one of {', '.join(KINDS)}, but it is {kind!r}.", field="kind"
        )
    return tuple(f.name for f in fields(KINDS[kind]))


def make(kind: str, arguments: Mapping[str, Any]) -> Distribution:
    """Raises SpaceError."""
    names = field_names(kind)
    if set(arguments) != set(names):
        raise SpaceError(
            f"{kind} has the fields {', '.join(names)}, but got"
            f" {', '.join(map(repr, arguments)) or 'none'}.",
            field="kind",
        )
    return KINDS[kind](**arguments)
