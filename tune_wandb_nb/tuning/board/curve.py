"""A curve that never holds more than a fixed number of points, however long a trial runs."""

import math
from array import array
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "GrowingCurve", "Numbers", "keep_shape"]

Numbers: TypeAlias = NDArray[np.float64]

_FEWEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The values of one metric in one trial; the arrays are read-only and equally long.

    A value that is not finite is NaN: a gap in the line.
    """

    iterations: Numbers
    seconds: Numbers
    values: Numbers

    def __len__(self) -> int:
        return len(self.values)

    def thinned(self, points: int) -> "Curve":
        """Return the curve with at most ``points`` points that keep its shape."""
        if len(self) <= points:
            return self
        kept = keep_shape(self.iterations, self.values, points)
        return Curve(self.iterations[kept], self.seconds[kept], self.values[kept])


class GrowingCurve:
    """Collects points and thins them when there are more than ``points``.

    Example:
        >>> curve = GrowingCurve(points=16)
        >>> for i in range(1000):
        ...     curve.append(i, i / 10, float(i == 500))
        >>> frozen = curve.freeze()
        >>> len(frozen) <= 16, frozen.iterations[[0, -1]].tolist(), float(frozen.values.max())
        (True, [0.0, 999.0], 1.0)
    """

    __slots__ = ("_frozen", "_iterations", "_points", "_seconds", "_values")

    def __init__(self, points: int) -> None:
        if points < _FEWEST:
            raise ValueError(f"points >= {_FEWEST} must hold, but got points={points}.")
        self._points = points
        self._iterations = array("d")
        self._seconds = array("d")
        self._values = array("d")
        self._frozen: Curve | None = None

    def append(self, iteration: float, seconds: float, value: float) -> None:
        """Add the next point."""
        if len(self._values) >= self._points:
            self._thin()
        self._iterations.append(iteration)
        self._seconds.append(seconds)
        self._values.append(value if math.isfinite(value) else math.nan)
        self._frozen = None

    def freeze(self) -> Curve:
        """Return what there is now; made once until the next point comes."""
        if self._frozen is None:
            self._frozen = Curve(
                _read_only(self._iterations), _read_only(self._seconds), _read_only(self._values)
            )
        return self._frozen

    def _thin(self) -> None:
        # To half, so that it is done once every points/2 appends.
        steps, values = np.array(self._iterations), np.array(self._values)
        kept = keep_shape(steps, values, self._points // 2)
        self._iterations = array("d", steps[kept].tobytes())
        self._seconds = array("d", np.array(self._seconds)[kept].tobytes())
        self._values = array("d", values[kept].tobytes())


def keep_shape(steps: Numbers, values: Numbers, points: int) -> NDArray[np.intp]:
    """Choose at most ``points`` indices: first, last, and what is lowest and highest in between.

    The steps in between are cut into equally wide parts, of which each keeps its lowest and its
    highest value, so the minimum and maximum of the whole are always there and a curve thinned
    again and again stays evenly spaced. A part without any number keeps one gap.
    """
    count = len(steps)
    if count <= points:
        return np.arange(count)
    parts = max((points - 2) // 2, 1)
    width = (steps[-1] - steps[0]) or 1.0
    part_of = np.clip(((steps - steps[0]) / width * parts).astype(np.intp), 0, parts - 1)
    # Sorted by part and then by value, a part's lowest stands first and its highest last; what is
    # no number is put where it can only win if there is nothing else.
    gap = np.isnan(values)
    lowest = np.lexsort((np.where(gap, np.inf, values), part_of))
    highest = np.lexsort((np.where(gap, -np.inf, values), part_of))
    starts = np.flatnonzero(np.diff(part_of[lowest], prepend=-1))
    ends = np.append(starts[1:], count) - 1
    kept: NDArray[np.intp] = np.unique(
        np.concatenate([lowest[starts], highest[ends], [0, count - 1]])
    )
    return kept


def _read_only(numbers: "array[float]") -> Numbers:
    copy = np.array(numbers, dtype=np.float64)
    copy.setflags(write=False)
    return copy
