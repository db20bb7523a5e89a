"""The base class of all distributions, and the distributions without bounds."""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from tune_wandb_nb.search_space.distributions.number_checks import check_positive, check_step, real
from tune_wandb_nb.search_space.distributions.values import SpaceError, plain

__all__ = ["Choice", "Constant", "Distribution", "Grid", "Kept", "QRandn", "Randn"]

# NumPy makes a normal draw from 64 random bits, which cannot reach 40 standard deviations.
_FARTHEST_SDS = 40


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values that a search tries for one hyperparameter; checked on construction, immutable."""

    kind: ClassVar[str]

    @property
    def size(self) -> int:
        """The number of trials that one sample becomes: more than 1 for grids only."""
        return 1

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw one value; the same seed gives the value that Tune would draw."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """Return the fields by name, in the order of their declaration."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def _set_field(self, name: str, value: Any) -> None:
        # __post_init__ normalizes the fields of a frozen dataclass: 0 becomes 0.0 in a range of
        # floats, and a list of choices becomes a tuple.
        object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Randn(Distribution):
    """Floats from a normal distribution.

    Example:
        >>> Randn(0, 0.1)
        Randn(mean=0.0, sd=0.1)
    """

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
        """Draw one float."""
        return float(rng.normal(self.mean, self.sd))


@dataclass(frozen=True, slots=True)
class QRandn(Randn):
    """A normal distribution rounded to multiples of ``q``.

    Example:
        >>> QRandn(0, 1, 0.5)
        QRandn(mean=0.0, sd=1.0, q=0.5)
    """

    kind = "qrandn"

    q: float

    def __post_init__(self) -> None:
        Randn.__post_init__(self)
        check_positive("q", self.q)
        check_step(self.q, self.mean, self.sd)

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one multiple of q."""
        return round(Randn.draw(self, rng) / self.q) * self.q


@dataclass(frozen=True, slots=True)
class Choice(Distribution):
    """One of several values, all equally likely.

    Example:
        >>> Choice(["adam", "sgd"])
        Choice(values=('adam', 'sgd'))
    """

    kind = "choice"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._set_field("values", _checked_values(self.values))

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw one of the values."""
        return plain(self.values[int(rng.integers(len(self.values)))])


@dataclass(frozen=True, slots=True)
class Grid(Distribution):
    """Every one of several values: each sample becomes one trial per value.

    Example:
        >>> Grid([16, 32, 64]).size
        3
    """

    kind = "grid"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._set_field("values", _checked_values(self.values))

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """The same value in every trial.

    Example:
        >>> Constant(10)
        Constant(value=10)
    """

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
        """Return the value."""
        return plain(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Kept(Distribution):
    """An object that a form cannot express (``tune.sample_from``, a function), kept unchanged.

    Two `Kept` are equal if they hold the very same object. The object's own text is never shown,
    because that text may be long or contain a secret.

    Example:
        >>> Kept(len).title
        'len (builtin_function_or_method)'
    """

    kind = "kept"

    value: Any = field(repr=False)

    @property
    def size(self) -> int:
        """The number of trials that one sample becomes through the grids inside the value."""
        return _count_variants(self.value)

    @property
    def title(self) -> str:
        """A short name to show for the value."""
        # tune.sample_from returns an object without a name of its own around a function.
        function = getattr(self.value, "func", self.value)
        name, type_name = getattr(function, "__qualname__", None), type(self.value).__name__
        return f"{name} ({type_name})" if isinstance(name, str) else type_name

    def draw(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """Return the value itself: only Tune resolves the functions and domains inside."""
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
