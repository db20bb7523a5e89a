"""Colours that colour-blind people can tell apart."""

__all__ = ["BEST", "FULL_DESCRIPTION", "GREY", "STATE_COLORS", "blend"]

# Okabe and Ito's.
BEST = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")

_SCALE = ("#6a8fd8", "#9aa39b", "#e69f00")

GREY = "#8c9196"

STATE_COLORS = {
    "running": "#0072b2",
    "pending": "#b4b8bd",
    "paused": "#56b4e9",
    "done": "#009e73",
    "failed": "#d55e00",
    "stopped": "#8c9196",
}

FULL_DESCRIPTION = {"description_width": "initial"}


def blend(goodness: float) -> str:
    """From blue for 0, the worst, to orange for 1."""
    position = min(max(goodness, 0.0), 1.0) * (len(_SCALE) - 1)
    left = min(int(position), len(_SCALE) - 2)
    pairs = zip(_rgb(_SCALE[left]), _rgb(_SCALE[left + 1]), strict=True)
    mixed = (round(a + (b - a) * (position - left)) for a, b in pairs)
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
