"""Distributions between two bounds."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tune_wandb_nb.search_space.distributions.base import Distribution
from tune_wandb_nb.search_space.distributions.values import (
    SpaceError,
    check_positive,
    check_step,
    is_multiple,
    real,
    whole,
)

__all__ = [
    "LogRandInt",
    "LogUniform",
    "QLogRandInt",
    "QLogUniform",
    "QRandInt",
    "QUniform",
    "RandInt",
    "Range",
    "Steps",
    "Uniform",
]

_INT64 = 2**63 - 1
_LARGEST_LOG = 1.7e308  # above it rounding can make exp(log(x)) infinite


@dataclass(frozen=True, slots=True)
class Range(Distribution):
    integer: ClassVar[bool] = False
    log: ClassVar[bool] = False

    lower: float
    upper: float

    def __post_init__(self) -> None:
        number = whole if self.integer else real
        for name, value in self.arguments().items():
            self._set_field(name, number(name, value))
        lower, upper = self.lower, self.upper
        if not lower < upper:
            raise SpaceError(
                f"lower must be below upper, but lower is {lower!r} and upper is {upper!r};"
                " for a single value choose the kind constant.",
                field="lower",
            )
        if self.log and lower <= 0:
            raise SpaceError(
                f"on a log scale lower must be above 0, but it is {lower!r}; give the smallest"
                " value itself (such as 0.0001), not its exponent.",
                field="lower",
            )
        self._check_representable()

    def _check_representable(self) -> None:
        lower, upper = self.lower, self.upper
        if self.integer:
            too_far = max(abs(lower), abs(upper)) > _INT64
        else:
            too_far = not math.isfinite(upper - lower) or (self.log and upper > _LARGEST_LOG)
        if too_far:
            rule = "64 bits must hold both ends" if self.integer else "floats must hold the range"
            raise SpaceError(
                f"{rule}, but lower is {lower!r} and upper is {upper!r}; take a smaller range.",
                field="upper",
            )

    def draw(self, rng: np.random.Generator) -> float:
        return self._draw_between(rng, self.lower, self.upper)

    def _draw_between(self, rng: np.random.Generator, lower: float, upper: float) -> float:
        if self.integer and not self.log:
            return int(rng.integers(int(lower), int(upper)))
        # Tune uses NumPy's log and exp, whose last digits differ from those of math.
        log, exp = (np.log, np.exp) if self.log else (float, float)
        value = exp(rng.uniform(log(lower), log(upper)))
        return int(value) if self.integer else float(value)


@dataclass(frozen=True, slots=True)
class Steps(Range):
    """Multiples of ``q``, both ends included."""

    q: float

    def __post_init__(self) -> None:
        Range.__post_init__(self)
        lower, upper, q = self.lower, self.upper, self.q
        check_positive("q", q)
        if self.integer and q == 1:
            # Tune includes the upper end for every q but 1.
            raise SpaceError(
                f"q must be 2 or more, but it is 1; for steps of 1 choose the kind {self.kind[1:]},"
                " whose upper end is not drawn.",
                field="q",
            )
        if q > upper - lower and not math.isclose(q, upper - lower):
            raise SpaceError(
                f"q must not be larger than the range, but q is {q!r} and the range is"
                f" {upper - lower!r}; take a smaller q or move the ends apart.",
                field="q",
            )
        check_step(q, lower, upper)
        for name, bound in (("lower", lower), ("upper", upper)):
            if not is_multiple(bound, q):
                below, above = math.floor(bound / q) * q, math.ceil(bound / q) * q
                raise SpaceError(
                    f"{name} must be a multiple of q, but {name} is {bound!r} and q is {q!r};"
                    f" take {below!r} or {above!r}.",
                    field=name,
                )

    @property
    def first(self) -> int:
        return round(self.lower / self.q)

    @property
    def last(self) -> int:
        return round(self.upper / self.q)

    def draw(self, rng: np.random.Generator) -> float:
        if self.integer:
            return self._draw_between(rng, self.first, self.last + 1) * int(self.q)
        value = self._draw_between(rng, self.first * self.q, self.last * self.q)
        return round(value / self.q) * self.q


class Uniform(Range):
    __slots__ = ()
    kind = "uniform"


class QUniform(Steps):
    __slots__ = ()
    kind = "quniform"


class LogUniform(Range):
    """Each order of magnitude is as likely as any other."""

    __slots__ = ()
    kind = "loguniform"
    log = True


class QLogUniform(Steps):
    __slots__ = ()
    kind = "qloguniform"
    log = True


class RandInt(Range):
    """The upper end is not drawn, as in `LogRandInt`."""

    __slots__ = ()
    kind = "randint"
    integer = True


class QRandInt(Steps):
    __slots__ = ()
    kind = "qrandint"
    integer = True


class LogRandInt(Range):
    __slots__ = ()
    kind = "lograndint"
    integer = True
    log = True


class QLogRandInt(Steps):
    __slots__ = ()
    kind = "qlograndint"
    integer = True
    log = True
