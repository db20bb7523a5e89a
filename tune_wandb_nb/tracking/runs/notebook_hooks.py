"""Keeps the hooks that wandb sets in a notebook away from the runs of a search."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["no_notebook_hooks"]

_IS_OF_A_SEARCH: ContextVar[bool] = ContextVar("is_of_a_search", default=False)
_LOCK = threading.Lock()


@contextmanager
def no_notebook_hooks() -> Iterator[None]:
    """Let a run that is opened inside, by this thread, leave the notebook's displays alone.

    wandb has each run of a notebook capture what its cells display: the first one sets a hook, and
    takes it away at its end. Where runs open and end in several threads, one may be left behind
    that raises AttributeError whenever anything is displayed, and the end of the other raises too.
    """
    _install()
    token = _IS_OF_A_SEARCH.set(True)
    try:
        yield
    finally:
        _IS_OF_A_SEARCH.reset(token)


def _install() -> None:
    from wandb.sdk import wandb_init

    # No part of wandb's public interface, which has no setting for it: without it all is as
    # wandb does it.
    kind = getattr(wandb_init, "_WandbInit", None)
    with _LOCK:
        hook = getattr(kind, "monkeypatch_ipython", None)
        if hook is None or hasattr(hook, "is_ours"):
            return

        def instead(self: Any, settings: Any) -> None:
            if not _IS_OF_A_SEARCH.get():
                hook(self, settings)

        instead.is_ours = True  # type: ignore[attr-defined]
        kind.monkeypatch_ipython = instead  # type: ignore[union-attr]
