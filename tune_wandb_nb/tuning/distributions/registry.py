"""Every kind of distribution by its name, and how one is made from named arguments."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tuning.distributions.base import (
    Choice,
    Constant,
    Distribution,
    Grid,
    QRandn,
    Randn,
)
from tune_wandb_nb.tuning.distributions.ranges import (
    LogRandInt,
    LogUniform,
    QLogRandInt,
    QLogUniform,
    QRandInt,
    QUniform,
    RandInt,
    Uniform,
)
from tune_wandb_nb.tuning.distributions.values import SpaceError

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
"""What a person can choose, in the order to offer it; "kept" cannot be chosen."""


def field_names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind's fields, in their order.

    Raises:
        SpaceError: there is no such kind.

    Example:
        >>> field_names("qrandn")
        ('mean', 'sd', 'q')
    """
    if kind not in KINDS:
        raise SpaceError(
            f"the kind must be one of {', '.join(KINDS)}, but it is {kind!r}.", field="kind"
        )
    return tuple(f.name for f in fields(KINDS[kind]))


def make(kind: str, arguments: Mapping[str, Any]) -> Distribution:
    """Make a distribution from its kind's name and its fields.

    Raises:
        SpaceError: an unknown kind, a missing or unknown field, or a value that cannot be.

    Example:
        >>> make("uniform", {"lower": 0, "upper": 1})
        Uniform(lower=0.0, upper=1.0)
    """
    names = field_names(kind)
    if set(arguments) != set(names):
        raise SpaceError(
            f"{kind} has the fields {', '.join(names)}, but got"
            f" {', '.join(map(repr, arguments)) or 'none'}.",
            field="kind",
        )
    return KINDS[kind](**arguments)
