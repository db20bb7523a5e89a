"""The kinds of distributions by name, and their construction from named arguments."""

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
"""The kinds that a form offers, in its order; "kept" is missing since no person chooses it."""


def field_names(kind: str) -> tuple[str, ...]:
    """Return the names of the fields of a kind, in the order of their declaration.

    Raises:
        SpaceError: the kind does not exist.

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
    """Make a distribution from the name of its kind and its fields.

    Raises:
        SpaceError: the kind is unknown, a field is missing or unknown, or a value is refused.

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
