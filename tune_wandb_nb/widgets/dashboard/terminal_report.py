from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tuning.board.board import TrialBoard

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TerminalReport"]

_COLUMNS = ("name", "state", "reported", "logged", "dropped")
_MOST_TRIALS = 100


class TerminalReport:
    """Prints the audit at the end of a search."""

    def __init__(self, board: TrialBoard, logger: Callable[[], Any]) -> None:
        self._logger = logger
        self._ended = False
        board.on_begin(self._begin)
        board.on_end(self._end)

    def _begin(self) -> None:
        self._ended = False

    def _end(self) -> None:
        logger = self._logger()
        if logger is None or self._ended:
            return
        self._ended = True
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
