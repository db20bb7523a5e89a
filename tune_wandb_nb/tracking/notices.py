"""Notices to the user while a search runs: each printed once, all by the same thread."""

import threading
from collections import deque

__all__ = ["Notices", "count"]


class Notices:
    """Collects notices from any thread; the thread that calls `flush` prints them.

    A notebook shows output below the cell whose thread prints it. Only the thread in which Tune
    runs belongs to the cell of the search.

    Example:
        >>> notices = Notices()
        >>> notices.say("two rows were left out")
        >>> notices.say("two rows were left out")
        >>> notices.flush()
        tune-wandb-nb: two rows were left out
    """

    __slots__ = ("_keys", "_lock", "_queue")

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._queue: deque[str] = deque()
        self._lock = threading.Lock()

    def say(self, text: str, *, once: str | None = None) -> None:
        """Queue a notice, unless a notice with the same ``once`` (default: the text) was queued."""
        with self._lock:
            key = once or text
            if key not in self._keys:
                self._keys.add(key)
                self._queue.append(text)

    def flush(self) -> None:
        """Print the queued notices."""
        while self._queue:
            print(f"tune-wandb-nb: {self._queue.popleft()}", flush=True)


def count(number: int, noun: str) -> str:
    """Format a number with its noun, in the singular or the plural.

    Example:
        >>> count(1, "row"), count(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
