import math
from array import array
from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "GrowingCurve", "Numbers", "follow_shape", "keep_shape"]

Numbers: TypeAlias = NDArray[np.float64]

_FEWEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What is not finite is NaN, which charts draw as a gap."""

    iterations: Numbers
    seconds: Numbers
    values: Numbers
    rewinds: int = 0
    """How often the trial went back to an earlier iteration."""

    def __len__(self) -> int:
        return len(self.values)

    def thinned(self, points: int) -> "Curve":
        if len(self) <= points:
            return self
        indices = follow_shape(self.iterations, self.values, points)
        kept = (self.iterations[indices], self.seconds[indices], self.values[indices])
        return Curve(*kept, self.rewinds)

    def after(self, iteration: float) -> "Curve":
        first = int(np.searchsorted(self.iterations, iteration, side="right"))
        later = (self.iterations[first:], self.seconds[first:], self.values[first:])
        return Curve(*later, self.rewinds)


class GrowingCurve:
    """Thins to at most ``points``; if a trial goes back to a checkpoint, newer values count."""

    __slots__ = ("_frozen", "_iterations", "_points", "_rewinds", "_seconds", "_values")

    def __init__(self, points: int) -> None:
        if points < _FEWEST:
            raise ValueError(f"points >= {_FEWEST} must hold, but got points={points}.")
        self._points = points
        self._iterations = array("d")
        self._seconds = array("d")
        self._values = array("d")
        self._rewinds = 0
        self._frozen: Curve | None = None

    def append(self, iteration: float, seconds: float, value: float) -> None:
        if self._iterations and iteration <= self._iterations[-1]:
            self._rewind(iteration)
        if len(self._values) >= self._points:
            self._thin()
        self._iterations.append(iteration)
        self._seconds.append(seconds)
        self._values.append(value if math.isfinite(value) else math.nan)
        self._frozen = None

    def freeze(self) -> Curve:
        """The same object until the next point."""
        if self._frozen is None:
            self._frozen = Curve(
                _read_only(self._iterations),
                _read_only(self._seconds),
                _read_only(self._values),
                self._rewinds,
            )
        return self._frozen

    def _rewind(self, iteration: float) -> None:
        first = bisect_left(self._iterations, iteration)
        for numbers in (self._iterations, self._seconds, self._values):
            del numbers[first:]
        self._rewinds += 1

    def _thin(self) -> None:
        # To half, so that the next thinning is points/2 appends away.
        steps, values = np.array(self._iterations), np.array(self._values)
        indices = keep_shape(steps, values, self._points // 2)
        self._iterations = array("d", steps[indices].tobytes())
        self._seconds = array("d", np.array(self._seconds)[indices].tobytes())
        self._values = array("d", values[indices].tobytes())


def keep_shape(steps: Numbers, values: Numbers, points: int) -> NDArray[np.intp]:
    """Choose at most ``points`` indices: the first, the last, and extremes of equally wide parts.

    Thinned again and again, a curve stays evenly spaced; a part that is all NaN keeps one gap.
    """
    count = len(steps)
    if count <= points:
        return np.arange(count)
    parts = max((points - 2) // 2, 1)
    width = (steps[-1] - steps[0]) or 1.0
    part_of = np.clip(((steps - steps[0]) / width * parts).astype(np.intp), 0, parts - 1)
    # Sorted by part, then by value. NaN is sorted to the other end, so that it is chosen only in a
    # part without numbers.
    gap = np.isnan(values)
    lowest = np.lexsort((np.where(gap, np.inf, values), part_of))
    highest = np.lexsort((np.where(gap, -np.inf, values), part_of))
    starts = np.flatnonzero(np.diff(part_of[lowest], prepend=-1))
    ends = np.append(starts[1:], count) - 1
    indices: NDArray[np.intp] = np.unique(
        np.concatenate([lowest[starts], highest[ends], [0, count - 1]])
    )
    return indices


def follow_shape(steps: Numbers, values: Numbers, points: int) -> NDArray[np.intp]:
    """Choose at most ``points`` (four or more) indices such that lines between them fit best.

    If values are missing, the choice is that of `keep_shape`.
    """
    if not np.isfinite(values).all():
        return keep_shape(steps, values, points)
    last = len(values) - 1
    chosen = sorted({0, last, int(values.argmin()), int(values.argmax())})
    while len(chosen) < min(points, last + 1):
        errors = np.abs(values - np.interp(steps, steps[chosen], values[chosen]))
        worst = int(errors.argmax())
        if not errors[worst] > 0:
            break
        insort(chosen, worst)
    return np.array(chosen, dtype=np.intp)


def _read_only(numbers: "array[float]") -> Numbers:
    copy = np.array(numbers, dtype=np.float64)
    copy.setflags(write=False)
    return copy
