"""Printed progress for a terminal: the URL of the search in W&B, and at its end the audit."""

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
    """Prints the URL of the search's W&B page once it is known, and the audit at the end.

    Args:
        board: The search's board.
        logger: Returns the search's `WandbLogger`, or None.
    """

    def __init__(self, board: TrialBoard, logger: Callable[[], Any]) -> None:
        self._logger = logger
        self._lock = threading.Lock()
        self._printed_url: str | None = None
        self._ended = False
        board.on_begin(self._begin)
        board.on_end(self._end)

    def print_url(self) -> None:
        """Print the URL of the W&B page unless it has been printed already."""
        logger = self._logger()
        url = None if logger is None else logger.group_url or logger.project_url
        with self._lock:
            is_new = url is not None and url != self._printed_url
            self._printed_url = url or self._printed_url
        if is_new:
            print(f"tune-wandb-nb: this search in W&B: {url}", flush=True)

    def _begin(self) -> None:
        self._ended = False

    def _end(self) -> None:
        logger = self._logger()
        if logger is None or self._ended:
            return
        self._ended = True
        self.print_url()
        audit = logger.audit()
        if len(audit):
            print(
                f"tune-wandb-nb: what became of the rows of each trial:\n{_table(audit)}",
                flush=True,
            )


def _table(audit: "pd.DataFrame") -> str:
    # An online run has a URL, any other run a folder.
    location = audit["url"].where(audit["url"].notna(), audit["path"])
    shown = audit[list(_COLUMNS)].assign(run=location).head(_MOST_TRIALS)
    more = len(audit) - len(shown)
    footer = f"\n... and {more} more; see .audit() of the logger" if more else ""
    return f"{shown.to_string(index=False)}{footer}"
