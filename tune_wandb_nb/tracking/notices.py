import threading
from collections import deque

__all__ = ["Notices", "count"]


class Notices:
    """Collects notices from any thread; the thread that calls `flush` prints them.

    A notebook shows output below the cell whose thread prints it. Only the thread in which Tune
    runs belongs to the cell of the search.
    """

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._queue: deque[str] = deque()
        self._lock = threading.Lock()

    def say(self, text: str, *, once: str | None = None) -> None:
        with self._lock:
            key = once or text
            if key not in self._keys:
                self._keys.add(key)
                self._queue.append(text)

    def flush(self) -> None:
        while self._queue:
            print(f"tune-wandb-nb: {self._queue.popleft()}", flush=True)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
