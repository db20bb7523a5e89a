"""Refreshes a dashboard once a second from the begin to the end of its search."""

import threading
from collections.abc import Callable

from tune_wandb_nb.tuning.board.board import TrialBoard

__all__ = ["Refresher"]

_EVERY = 1.0


class Refresher:
    def __init__(
        self, board: TrialBoard, refresh: Callable[[], object], keep: Callable[[], object]
    ) -> None:
        self._board, self._refresh, self._keep = board, refresh, keep
        self._runs = threading.Lock()
        self._pause = threading.Event()
        self._settled = threading.Event()
        self._settled.set()

    @property
    def is_needed(self) -> bool:
        return self._board.snapshot().ended is None

    def start(self) -> None:
        if self._runs.acquire(blocking=False):
            self._settled.clear()
            threading.Thread(target=self._run, name="dashboard", daemon=True).start()

    def settle(self, timeout: float | None = None) -> bool:
        return self._settled.wait(timeout)

    def _run(self) -> None:
        try:
            is_running = True
            while is_running or self.is_needed:
                # If the search ends during the refresh, another one follows.
                is_running = self.is_needed
                self._refresh()
                if is_running:
                    self._pause.wait(_EVERY)
                    continue
                self._keep()
        finally:
            self._runs.release()
            self._settled.set()
