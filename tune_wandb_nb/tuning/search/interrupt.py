import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tune_wandb_nb.compat.ray import replace_interrupt_event

__all__ = ["interrupted_by"]

_INTERRUPT = threading.local()


@contextmanager
def interrupted_by(event: threading.Event) -> Iterator[None]:
    """Only after an interrupt, not a stopper or an error, can Tune resume unfinished trials.

    Searches in other threads keep Tune's own event.
    """
    replace_interrupt_event(lambda: getattr(_INTERRUPT, "event", None))
    _INTERRUPT.event = event
    try:
        yield
    finally:
        _INTERRUPT.event = None
