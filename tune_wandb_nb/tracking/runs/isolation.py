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

    wandb keeps a list of the process's active runs. A plain ``wandb.init()`` of a script returns
    the newest of them, and in a notebook, or with ``reinit="finish_previous"``, it finishes all of
    them. A run that is opened here is not in that list.

    In a notebook each run of wandb also captures what the cells display: the first run sets a hook,
    and removes it at its end. Where runs open and end in several threads, a hook can be left behind
    that raises AttributeError at every display; the end of another run then raises too. A run that
    is opened here sets no hook.

    A run that is opened here writes no log file of wandb's Python part, either: what the user's own
    calls log would go through the log files of all runs.
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
