"""`wait_until`: looks at something that another process changes, until it is as expected."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["wait_until"]

_Value = TypeVar("_Value")


def wait_until(
    look: Callable[[], _Value], timeout: float, *, every: float, at_most_every: float | None = None
) -> _Value:
    """Call ``look`` until its result is true, or until the time is up; returns the last result.

    For what no event announces: a file that another process writes, a server's answer.

    Args:
        look: Looks once.
        timeout: Seconds.
        every: Seconds between two looks.
        at_most_every: Where it is given, the pause doubles after each look up to this.

    Example:
        >>> looks = iter([None, None, "there"])
        >>> wait_until(lambda: next(looks), timeout=10, every=0.001)
        'there'
    """
    deadline = time.monotonic() + timeout
    while True:
        result = look()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(every)
        if at_most_every is not None:
            every = min(2 * every, at_most_every)
