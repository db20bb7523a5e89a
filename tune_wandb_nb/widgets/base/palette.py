"""Colours that colour-blind people can tell apart, on light and on dark ground."""

from collections.abc import Sequence

__all__ = ["BEST", "GREY", "INITIAL", "SCALE", "STATE_COLORS", "Slots", "blend"]

# The palette of Okabe and Ito, without its black and its yellow.
BEST = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""One colour for each of the best trials."""

SCALE = ("#6a8fd8", "#9aa39b", "#e69f00")
"""From the worst to the best value of a metric: blue, grey, orange."""

GREY = "#8c9196"
"""Everything that is only background."""

STATE_COLORS = {
    "running": "#0072b2",
    "pending": "#b4b8bd",
    "paused": "#56b4e9",
    "done": "#009e73",
    "failed": "#d55e00",
    "stopped": "#8c9196",
}


INITIAL = {"description_width": "initial"}
"""The style of a control whose description takes the room it needs."""


class Slots:
    """Gives each of the best trials a colour that it keeps while it is among the best.

    Example:
        >>> slots = Slots(("red", "blue"))
        >>> slots.assign(["a", "b"]), slots.assign(["c", "b"])
        (['red', 'blue'], ['red', 'blue'])
        >>> slots.assign(["b", "a"])
        ['blue', 'red']
    """

    def __init__(self, colors: Sequence[str] = BEST) -> None:
        self._colors = tuple(colors)
        self._held: dict[str, str] = {}

    def assign(self, names: Sequence[str]) -> list[str]:
        """Return the colour of each name; there may be no more names than colours."""
        self._held = {name: color for name, color in self._held.items() if name in names}
        free = [color for color in self._colors if color not in self._held.values()]
        for name in names:
            if name not in self._held:
                self._held[name] = free.pop(0)
        return [self._held[name] for name in names]


def blend(goodness: float) -> str:
    """Return the colour of `SCALE` at a place between 0 and 1."""
    at = min(max(goodness, 0.0), 1.0) * (len(SCALE) - 1)
    left = min(int(at), len(SCALE) - 2)
    pairs = zip(_rgb(SCALE[left]), _rgb(SCALE[left + 1]), strict=True)
    mixed = (round(a + (b - a) * (at - left)) for a, b in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
