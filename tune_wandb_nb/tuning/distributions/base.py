"""What a search can draw for one hyperparameter: one small class a distribution."""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from tune_wandb_nb.tuning.distributions.number_checks import check_step, positive, real
from tune_wandb_nb.tuning.distributions.values import SpaceError, plain

__all__ = ["Choice", "Constant", "Distribution", "Grid", "Kept", "QRandn", "Randn"]

_FARTHEST_SDS = 40  # no normal draw of 64 bits lies farther out


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a search draws for one hyperparameter: checked when made, then unchangeable."""

    kind: ClassVar[str]

    @property
    def size(self) -> int:
        """How many trials a grid makes of one sample: 1 for all but grids."""
        return 1

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw one value as Tune does: with a generator of the same seed, the same value."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """Return the fields by name, in their order."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def _put(self, name: str, value: Any) -> None:
        # A check may normalize: 0 -> 0.0 in a range of floats, a list -> a tuple of choices.
        object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class Randn(Distribution):
    """Floats of a normal distribution.

    Example:
        >>> Randn(0, 0.1)
        Randn(mean=0.0, sd=0.1)
    """

    kind = "randn"

    mean: float
    sd: float

    def __post_init__(self) -> None:
        for name, value in self.arguments().items():
            self._put(name, real(name, value))
        positive("sd", self.sd)
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
        positive("q", self.q)
        check_step(self.q, self.mean, self.sd)

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one multiple of q."""
        return round(Randn.draw(self, rng) / self.q) * self.q


@dataclass(frozen=True, slots=True)
class Choice(Distribution):
    """One of some values, each as likely as any other.

    Example:
        >>> Choice(["adam", "sgd"])
        Choice(values=('adam', 'sgd'))
    """

    kind = "choice"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._put("values", _several(self.values))

    def draw(self, rng: np.random.Generator) -> Any:
        """Draw one of the values."""
        return plain(self.values[int(rng.integers(len(self.values)))])


@dataclass(frozen=True, slots=True)
class Grid(Distribution):
    """Each of some values in turn: every sample becomes one trial for each of them.

    Example:
        >>> Grid([16, 32, 64]).size
        3
    """

    kind = "grid"

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        self._put("values", _several(self.values))

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
        self._put("value", plain(self.value))

    def draw(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """Return the value."""
        return plain(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Kept(Distribution):
    """What a form cannot express (``tune.sample_from``, functions, objects), kept as it is.

    Two are equal if they hold the very same object. Its text is never shown: it may be long, or
    hold a secret.

    Example:
        >>> Kept(len).title
        'len (builtin_function_or_method)'
    """

    kind = "kept"

    value: Any = field(repr=False)

    @property
    def size(self) -> int:
        """How many trials the grids inside the value make of one sample."""
        return _variants(self.value)

    @property
    def title(self) -> str:
        """A short name to show for the value."""
        # A search made by tune.sample_from is known by its function.
        named = getattr(self.value, "func", self.value)
        name, kind = getattr(named, "__qualname__", None), type(self.value).__name__
        return f"{name} ({kind})" if isinstance(name, str) else kind

    def draw(self, rng: np.random.Generator) -> Any:  # noqa: ARG002
        """Return the value untouched: what it holds is not ours to call."""
        return self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and self.value is other.value

    def __hash__(self) -> int:
        return hash((Kept, id(self.value)))


def _several(values: Any) -> tuple[Any, ...]:
    if isinstance(values, str | bytes | Mapping | AbstractSet) or not isinstance(values, Iterable):
        raise SpaceError(
            f"values must be a list, but it is a {type(values).__name__}; write [...] around it.",
            field="values",
        )
    several = tuple(plain(value, field="values") for value in values)
    if not several:
        raise SpaceError(
            "values must hold at least one value, but the list is empty; add one.", field="values"
        )
    return several


def _variants(value: Any) -> int:
    if isinstance(value, dict) and len(value) == 1 and "grid_search" in value:
        return sum(_variants(item) for item in value["grid_search"])
    if isinstance(value, dict | list | tuple):
        return math.prod(
            _variants(item) for item in (value.values() if isinstance(value, dict) else value)
        )
    return 1
