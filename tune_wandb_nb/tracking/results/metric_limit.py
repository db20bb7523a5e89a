from collections.abc import Callable, Collection

__all__ = ["MetricNames"]

_MAX_METRICS = 10_000
"""Per project: https://docs.wandb.ai/guides/track/limits."""


class MetricNames:
    """Calls ``report`` once, when a search has more distinct metrics than ``limit``."""

    def __init__(self, report: Callable[[str], None], limit: int = _MAX_METRICS) -> None:
        self._report = report
        self._limit = limit
        self._seen: set[str] = set()

    def add(self, names: Collection[str]) -> None:
        if self._seen.issuperset(names) or len(self._seen) > self._limit:
            return
        self._seen.update(names)
        if len(self._seen) > self._limit:
            self._report(
                f"this search has {len(self._seen):,} different metrics, and W&B's pages become"
                f" slow with more than {self._limit:,} in a project: leave some out with"
                ' excludes=["layers/*"], for example.'
            )
