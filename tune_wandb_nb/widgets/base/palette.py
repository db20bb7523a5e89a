"""Colours that colour-blind people can tell apart, on light and dark backgrounds."""

from collections.abc import Sequence

__all__ = ["BEST", "FULL_DESCRIPTION", "GREY", "SCALE", "STATE_COLORS", "TrialColors", "blend"]

# The palette of Okabe and Ito, without its black and its yellow.
BEST = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""One colour for each of the best trials."""

SCALE = ("#6a8fd8", "#9aa39b", "#e69f00")
"""From the worst to the best value of a metric: blue, grey, orange."""

GREY = "#8c9196"
"""Axis labels, and the curves of trials that are not among the best."""

STATE_COLORS = {
    "running": "#0072b2",
    "pending": "#b4b8bd",
    "paused": "#56b4e9",
    "done": "#009e73",
    "failed": "#d55e00",
    "stopped": "#8c9196",
}

FULL_DESCRIPTION = {"description_width": "initial"}
"""The style of a control whose description is never cut."""


class TrialColors:
    """Assigns a colour to each of the best trials; a trial keeps its colour while it is listed.

    Example:
        >>> colors = TrialColors(("red", "blue"))
        >>> colors.assign(["a", "b"]), colors.assign(["c", "b"])
        (['red', 'blue'], ['red', 'blue'])
        >>> colors.assign(["b", "a"])
        ['blue', 'red']
    """

    def __init__(self, colors: Sequence[str] = BEST) -> None:
        self._colors = tuple(colors)
        self._assigned: dict[str, str] = {}

    def assign(self, names: Sequence[str]) -> list[str]:
        """Return the colour of each name; there must not be more names than colours."""
        kept = {name: color for name, color in self._assigned.items() if name in names}
        free = [color for color in self._colors if color not in kept.values()]
        for name in names:
            if name not in kept:
                kept[name] = free.pop(0)
        self._assigned = kept
        return [kept[name] for name in names]


def blend(goodness: float) -> str:
    """Return the colour of `SCALE` at a position between 0, the worst, and 1, the best."""
    position = min(max(goodness, 0.0), 1.0) * (len(SCALE) - 1)
    left = min(int(position), len(SCALE) - 2)
    pairs = zip(_rgb(SCALE[left]), _rgb(SCALE[left + 1]), strict=True)
    mixed = (round(a + (b - a) * (position - left)) for a, b in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
