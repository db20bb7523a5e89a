"""What a person should know while a search runs: each thing said once, by one thread."""

import threading
from collections import deque

__all__ = ["Notices", "count"]


class Notices:
    """Collects notices from any thread and prints them from the one that calls `flush`.

    A notebook shows output below the cell that prints it, which is the cell of the search only for
    Tune's own thread.

    Example:
        >>> notices = Notices()
        >>> notices.say("two rows were left out")
        >>> notices.say("two rows were left out")
        >>> notices.flush()
        tune-wandb-nb: two rows were left out
    """

    __slots__ = ("_lock", "_said", "_waiting")

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()

    def say(self, text: str, *, once: str | None = None) -> None:
        """Queue a notice, unless one with the same ``once`` (by default its text) was queued."""
        with self._lock:
            key = once or text
            if key not in self._said:
                self._said.add(key)
                self._waiting.append(text)

    def flush(self) -> None:
        """Print what is waiting."""
        while self._waiting:
            print(f"tune-wandb-nb: {self._waiting.popleft()}", flush=True)


def count(number: int, noun: str) -> str:
    """Write a number of things.

    Example:
        >>> count(1, "row"), count(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
