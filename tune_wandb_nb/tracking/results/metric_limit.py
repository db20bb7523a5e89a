"""Warns of more distinct metrics than W&B's pages can show quickly."""

from collections.abc import Callable, Collection

__all__ = ["MetricNames"]

_MAX_METRICS = 10_000
"""Per project, as recommended by https://docs.wandb.ai/guides/track/limits."""


class MetricNames:
    """Counts the distinct metrics of a search, and reports once when W&B's limit is passed.

    Args:
        report: Called with the text of the warning.
        limit: The number of metrics above which the warning is reported.

    Example:
        >>> names = MetricNames(lambda text: print(text[:35]), limit=2)
        >>> names.add(["loss", "accuracy"])
        >>> names.add(["loss", "f1"])
        this search has 3 different metrics
    """

    def __init__(self, report: Callable[[str], None], limit: int = _MAX_METRICS) -> None:
        self._report = report
        self._limit = limit
        self._seen: set[str] = set()

    def add(self, names: Collection[str]) -> None:
        """Count the names of one row's metrics."""
        if self._seen.issuperset(names) or len(self._seen) > self._limit:
            return
        self._seen.update(names)
        if len(self._seen) > self._limit:
            self._report(
                f"this search has {len(self._seen):,} different metrics, and W&B's pages become"
                f" slow with more than {self._limit:,} in a project: leave some out with"
                ' excludes=["layers/*"], for example.'
            )
