from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tune_wandb_nb.compat.wandb import skip_list_of_active_runs, skip_log_file, skip_notebook_hook
from tune_wandb_nb.compat.wandb_output import silent_wandb

__all__ = ["isolated"]

_IS_OF_A_SEARCH: ContextVar[bool] = ContextVar("is_of_a_search", default=False)


@contextmanager
def isolated() -> Iterator[None]:
    """Open runs, in this thread, that the user's own calls of wandb neither see nor end."""
    # A plain `wandb.init()` returns the newest of this list, or finishes all of it.
    skip_list_of_active_runs(_IS_OF_A_SEARCH.get)
    # Set by runs in several threads, one can stay that raises AttributeError at every display.
    skip_notebook_hook(_IS_OF_A_SEARCH.get)
    # It would get what the user's own calls log.
    skip_log_file(_IS_OF_A_SEARCH.get)
    token = _IS_OF_A_SEARCH.set(True)
    try:
        with silent_wandb():
            yield
    finally:
        _IS_OF_A_SEARCH.reset(token)
