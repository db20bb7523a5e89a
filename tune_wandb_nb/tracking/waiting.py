"""Waits for what no event announces: a file that another process writes, a server's answer."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["wait_until"]

_Value = TypeVar("_Value")


def wait_until(
    look: Callable[[], _Value], timeout: float, *, every: float, at_most_every: float | None = None
) -> _Value:
    """Call ``look`` until its result is true or the time (seconds) is up; return the last result.

    Where ``at_most_every`` is given, the pause doubles after each look up to this.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = look()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(every)
        if at_most_every is not None:
            every = min(2 * every, at_most_every)
