"""Keeps wandb from setting its notebook hooks for the runs of a search."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tune_wandb_nb.compat.wandb import skip_notebook_hook

__all__ = ["no_notebook_hooks"]

_IS_OF_A_SEARCH: ContextVar[bool] = ContextVar("is_of_a_search", default=False)


@contextmanager
def no_notebook_hooks() -> Iterator[None]:
    """Open runs without wandb's hook on the notebook's displays, in this thread.

    In a notebook each run of wandb captures what the cells display: the first run sets a hook, and
    removes it at its end. Where runs open and end in several threads, a hook can be left behind
    that raises AttributeError at every display; the end of another run then raises too.
    """
    skip_notebook_hook(_IS_OF_A_SEARCH.get)
    token = _IS_OF_A_SEARCH.set(True)
    try:
        yield
    finally:
        _IS_OF_A_SEARCH.reset(token)
