from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tune_wandb_nb.compat.wandb import skip_list_of_active_runs, skip_log_file, skip_notebook_hook
from tune_wandb_nb.compat.wandb_output import silent_wandb

__all__ = ["isolated"]

_IS_OF_A_SEARCH: ContextVar[bool] = ContextVar("is_of_a_search", default=False)


@contextmanager
def isolated() -> Iterator[None]:
    """Open runs, in this thread, that the user's own calls of wandb neither see nor end.

    They are not in wandb's list of active runs: a plain ``wandb.init()`` of a script returns the
    newest of it, and in a notebook, or with ``reinit="finish_previous"``, finishes all.

    They set no hook that captures what the cells of a notebook display: where runs open and end in
    several threads, one can be left behind that raises AttributeError at every display.

    They write no log file of wandb's Python part: it would get what the user's own calls log.
    """
    skip_list_of_active_runs(_IS_OF_A_SEARCH.get)
    skip_notebook_hook(_IS_OF_A_SEARCH.get)
    skip_log_file(_IS_OF_A_SEARCH.get)
    token = _IS_OF_A_SEARCH.set(True)
    try:
        with silent_wandb():
            yield
    finally:
        _IS_OF_A_SEARCH.reset(token)
