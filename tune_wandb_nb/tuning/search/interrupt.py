"""Interrupts for a search in a thread, with the same effect as Ctrl+C in the main thread."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["interrupted_by"]

_INTERRUPT = threading.local()


@contextmanager
def interrupted_by(event: threading.Event) -> Iterator[None]:
    """End ``fit`` in this thread when an event is set, as Ctrl+C would in the main thread.

    Only after an interrupt has Tune recorded which trials are unfinished, so that the search can be
    resumed. After a stopper or an exception, these trials are recorded as done or not at all. Tune
    creates its interrupt event in ``_setup_signal_catching``, which this context manager replaces
    by a function that returns the given event, in this thread only.
    """
    loop = importlib.import_module("ray.tune.tune")
    catching = loop._setup_signal_catching  # noqa: SLF001
    if not hasattr(catching, "original"):

        def event_of_thread() -> threading.Event:
            event: threading.Event = getattr(_INTERRUPT, "event", None) or catching()
            return event

        event_of_thread.original = catching  # type: ignore[attr-defined]
        loop._setup_signal_catching = event_of_thread  # type: ignore[attr-defined]  # noqa: SLF001
    _INTERRUPT.event = event
    try:
        yield
    finally:
        _INTERRUPT.event = None
