"""To end a search that runs in a thread the way Ctrl+C ends one in the main thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tune_wandb_nb.compat.ray import replace_interrupt_event

__all__ = ["interrupted_by"]

_INTERRUPT = threading.local()


@contextmanager
def interrupted_by(event: threading.Event) -> Iterator[None]:
    """Let an event end ``fit`` in this thread as Ctrl+C ends it in the main thread.

    Of all ways to end a search early this is the only one after which Tune has written down what
    was unfinished, so that it can be resumed: a stopper or a raised exception leave trials marked
    as done, or not marked at all. Searches in other threads keep Tune's own event.
    """
    replace_interrupt_event(lambda: getattr(_INTERRUPT, "event", None))
    _INTERRUPT.event = event
    try:
        yield
    finally:
        _INTERRUPT.event = None
