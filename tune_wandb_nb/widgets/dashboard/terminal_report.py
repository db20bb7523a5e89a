"""What a terminal is told of a search: its page in W&B, and in the end what became of its rows."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tuning.board.board import TrialBoard

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TerminalReport"]

_COLUMNS = ("name", "state", "reported", "logged", "dropped")
_MOST_TRIALS = 100


class TerminalReport:
    """Prints the page's address as soon as there is one, and the audit when the search ends.

    Args:
        board: The search's board.
        logger: Returns the search's `WandbLogger`, or None.
    """

    def __init__(self, board: TrialBoard, logger: Callable[[], Any]) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._page: str | None = None
        self._ended = False
        board.on_begin(self._begin)
        board.on_end(self._end)

    def tell_page(self) -> None:
        """Print the page's address, once."""
        logger = self._logger()
        url = None if logger is None else logger.group_url or logger.project_url
        with self._lock:
            is_news = url is not None and url != self._page
            self._page = url or self._page
        if is_news:
            print(f"tune-wandb-nb: this search in W&B: {url}", flush=True)

    def _begin(self) -> None:
        self._ended = False

    def _end(self) -> None:
        logger = self._logger()
        if logger is None or self._ended:
            return
        self._ended = True
        self.tell_page()
        audit = logger.audit()
        if len(audit):
            print(
                f"tune-wandb-nb: what became of the rows of each trial:\n{_table(audit)}",
                flush=True,
            )


def _table(audit: "pd.DataFrame") -> str:
    # A run that is online has an address, any other a folder.
    where = audit["url"].where(audit["url"].notna(), audit["path"])
    shown = audit[list(_COLUMNS)].assign(run=where).head(_MOST_TRIALS)
    more = len(audit) - len(shown)
    rest = f"\n... and {more} more; see .audit() of the logger" if more else ""
    return f"{shown.to_string(index=False)}{rest}"
