"""Keeps the hooks that wandb sets in a notebook away from the runs of a search."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tune_wandb_nb.compat.wandb import skip_notebook_hook

__all__ = ["no_notebook_hooks"]

_IS_OF_A_SEARCH: ContextVar[bool] = ContextVar("is_of_a_search", default=False)


@contextmanager
def no_notebook_hooks() -> Iterator[None]:
    """Let a run that is opened inside, by this thread, leave the notebook's displays alone.

    wandb has each run of a notebook capture what its cells display: the first one sets a hook, and
    takes it away at its end. Where runs open and end in several threads, one may be left behind
    that raises AttributeError whenever anything is displayed, and the end of the other raises too.
    """
    skip_notebook_hook(_IS_OF_A_SEARCH.get)
    token = _IS_OF_A_SEARCH.set(True)
    try:
        yield
    finally:
        _IS_OF_A_SEARCH.reset(token)
