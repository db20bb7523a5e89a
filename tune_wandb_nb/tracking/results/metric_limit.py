"""What W&B takes before its pages become slow, by its own documentation."""

from collections.abc import Callable, Collection

__all__ = ["MetricNames"]

_MOST = 10_000
"""Distinct metrics of a project: https://docs.wandb.ai/guides/track/limits."""


class MetricNames:
    """Counts the distinct metrics of a search, and says once when there are too many for W&B.

    Args:
        say: Is told.
        most: How many there may be.

    Example:
        >>> names = MetricNames(lambda text: print(text[:35]), most=2)
        >>> names.see(["loss", "accuracy"])
        >>> names.see(["loss", "f1"])
        this search has 3 different metrics
    """

    def __init__(self, say: Callable[[str], None], most: int = _MOST) -> None:
        self._say = say
        self._most = most
        self._seen: set[str] = set()

    def see(self, names: Collection[str]) -> None:
        """Take note of the names of one row."""
        if self._seen.issuperset(names) or len(self._seen) > self._most:
            return
        self._seen.update(names)
        if len(self._seen) > self._most:
            self._say(
                f"this search has {len(self._seen):,} different metrics, and W&B's pages become"
                f" slow with more than {self._most:,} in a project: leave some out with"
                ' excludes=["layers/*"], for example.'
            )
