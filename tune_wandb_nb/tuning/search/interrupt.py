"""Interrupts for a search in a thread, with the same effect as Ctrl+C in the main thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tune_wandb_nb.compat.ray import replace_interrupt_event

__all__ = ["interrupted_by"]

_INTERRUPT = threading.local()


@contextmanager
def interrupted_by(event: threading.Event) -> Iterator[None]:
    """Only an interrupt has Tune record which trials are unfinished, so that they can be resumed.

    After a stopper or an exception they are recorded as done or not at all. Searches in other
    threads keep Tune's own event.
    """
    replace_interrupt_event(lambda: getattr(_INTERRUPT, "event", None))
    _INTERRUPT.event = event
    try:
        yield
    finally:
        _INTERRUPT.event = None
