import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from tune_wandb_nb.search_space.distributions.values import (
    SpaceError,
    check_positive,
    check_step,
    plain,
    real,
)

__all__ = ["Choice", "Constant", "Distribution", "Grid", "Kept", "QRandn", "Randn"]

_FARTHEST_SDS = 40  # NumPy draws from 64 random bits, which reach less far


@dataclass(frozen=True, slots=True)
class Distribution:
    kind: ClassVar[str]

    @property
    def size(self) -> int:
        """The number of trials that one sample becomes."""
        return 1

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw what Tune would draw with the same seed."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def _set_field(self, name: str, value: Any) -> None:
        # __post_init__ normalizes values: 0 becomes 0.0 in a range of floats.
        object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Randn(Distribution):
    kind = "randn"

    mean: float
    sd: float

    def __post_init__(self) -> None:
        for name, value in self.arguments().items():
            self._set_field(name, real(name, value))
        check_positive("sd", self.sd)
        if not math.isfinite(abs(self.mean) + _FARTHEST_SDS * self.sd):
            raise SpaceError(
                f"mean and sd must stay within what floats hold, but mean is {self.mean!r} and sd"
                f" is {self.sd!r}; take smaller ones.",
                field="sd",
            )

    def draw(self, rng: np.random.Generator) -> float:
        return float(rng.normal(self.mean, self.sd))


@dataclass(frozen=True, slots=True)
class QRandn(Randn):
    kind = "qrandn"

    q: float

    def __post_init__(self) -> None:
        Randn.__post_init__(self)
        check_positive("q", self.q)
        check_step(self.q, self.mean, self.sd)

    def draw(self, rng: np.random.Generator) -> float:
        return round(Randn.draw(self, rng) / self.q) * self.q


@dataclass(frozen=True, slots=True)
class Choice(Distribution):
    kind = "choice"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._set_field("values", _checked_values(self.values))

    def draw(self, rng: np.random.Generator) -> Any:
        return plain(self.values[int(rng.integers(len(self.values)))])


@dataclass(frozen=True, slots=True)
class Grid(Distribution):
    kind = "grid"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._set_field("values", _checked_values(self.values))

    @property
    def size(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    kind = "constant"

    value: Any

    def __post_init__(self) -> None:
        if isinstance(self.value, dict) and self.value:
            raise SpaceError(
                f"a dictionary is given by one row for each of its keys, but the value holds"
                f" {len(self.value)} of them; write rows named name/key.",
                field="value",
            )
        self._set_field("value", plain(self.value))

    def draw(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        return plain(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Kept(Distribution):
    """An object that a form cannot express; its text, which may hold a secret, is never shown."""

    kind = "kept"

    value: Any = field(repr=False)

    @property
    def size(self) -> int:
        return _count_variants(self.value)

    @property
    def title(self) -> str:
        # tune.sample_from wraps a function.
        function = getattr(self.value, "func", self.value)
        name, type_name = getattr(function, "__qualname__", None), type(self.value).__name__
        return f"{name} ({type_name})" if isinstance(name, str) else type_name

    def draw(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        return self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and self.value is other.value

    def __hash__(self) -> int:
        return hash((Kept, id(self.value)))


def _checked_values(values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes | Mapping | AbstractSet) or not isinstance(values, Iterable):
        raise SpaceError(
            f"values must be a list, but it is a {type(values).__name__}; write [...] around it.",
            field="values",
        )
    checked = tuple(plain(value, field="values") for value in values)
    if not checked:
        raise SpaceError(
            "values must hold at least one value, but the list is empty; add one.", field="values"
        )
    return checked


def _count_variants(value: Any) -> int:
    if isinstance(value, dict) and len(value) == 1 and "grid_search" in value:
        return sum(_count_variants(item) for item in value["grid_search"])
    if isinstance(value, dict | list | tuple):
        return math.prod(
            _count_variants(item) for item in (value.values() if isinstance(value, dict) else value)
        )
    return 1
