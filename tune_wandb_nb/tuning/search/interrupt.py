"""To end a search that runs in a thread the way Ctrl+C ends one in the main thread."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["interrupted_by"]

_INTERRUPT = threading.local()


@contextmanager
def interrupted_by(event: threading.Event) -> Iterator[None]:
    """Let an event end ``fit`` in this thread as Ctrl+C ends it in the main thread.

    Of all ways to end a search early this is the only one after which Tune has written down what
    was unfinished, so that it can be resumed: a stopper or a raised exception leave trials marked
    as done, or not marked at all. Tune makes its interrupt event in ``_setup_signal_catching``;
    here it is given ours, in this thread only.
    """
    loop = importlib.import_module("ray.tune.tune")
    catching = loop._setup_signal_catching  # noqa: SLF001
    if not hasattr(catching, "original"):

        def instead() -> threading.Event:
            event: threading.Event = getattr(_INTERRUPT, "event", None) or catching()
            return event

        instead.original = catching  # type: ignore[attr-defined]
        loop._setup_signal_catching = instead  # type: ignore[attr-defined]  # noqa: SLF001
    _INTERRUPT.event = event
    try:
        yield
    finally:
        _INTERRUPT.event = None
