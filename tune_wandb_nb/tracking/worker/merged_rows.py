"""Rows of two origins in one run: what the trial logs itself, and what it reports to Tune."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["SharedRows"]


class SharedRows:
    """Stands before a run's ``log`` and gives every reported row its place.

    A reported row is a row of its own. Where the trial has begun a row and not ended it (it logs
    with ``step=`` or ``commit=False``), the reported row joins that one: W&B drops rows whose step
    goes back, so that a row in between would cost the trial's own next one its place.

    Args:
        log: The run's ``log``.
        step: The step that its next row has.

    Example:
        >>> rows = SharedRows(lambda data, step, commit: print(step, commit, data))
        >>> rows.log({"loss": 1}, step=5)
        5 False {'loss': 1}
        >>> rows.report({"accuracy": 2})
        5 False {'accuracy': 2}
        >>> rows.report({"accuracy": 3})
        6 True {'accuracy': 3}
    """

    def __init__(self, log: Callable[..., None], step: int = 0) -> None:
        self._log = log
        self._next = step
        self._begun: dict[str, Any] | None = None
        """What is in the row that was begun; None where none is."""
        self._joined = False
        """Whether a reported row is in it already."""
        self._asked: int | None = None
        """The step that the trial asked for; the row may stand at a later one."""
        self._lock = threading.RLock()

    @property
    def next_step(self) -> int:
        """The step of the next row, once the one that was begun is ended."""
        return self._next + (self._begun is not None)

    def log(
        self, data: Any, step: int | None = None, commit: bool | None = None, **more: Any
    ) -> None:
        """Log what the trial logs, as ``wandb.log`` does."""
        with self._lock:
            if step is not None and (self._begun is None or step != self._asked):
                self._end()
                # A reported row may have taken the step that is asked for.
                self._next = max(step, self._next)
                self._asked = step
            ends = commit if commit is not None else step is None
            self._log(data, step=self._next, commit=ends, **more)
            self._begun = {**(self._begun or {}), **data}
            if ends:
                self._end()

    def report(self, metrics: Mapping[str, Any]) -> None:
        """Log what was reported to Tune."""
        with self._lock:
            if self._begun is not None and not self._joined:
                joining = {self._free(name, value): value for name, value in metrics.items()}
                self._log(joining, step=self._next, commit=False)
                self._joined = True
                self._begun.update(joining)
                return
            self._end()
            self._log(dict(metrics), step=self._next, commit=True)
            self._next += 1

    def _free(self, name: str, value: Any) -> str:
        """Rename a metric that has another value in the row already."""
        assert self._begun is not None
        taken = name in self._begun and self._begun[name] is not value
        try:
            taken = taken and not bool(self._begun[name] == value)
        except Exception:
            # Arrays and media cannot tell.
            taken = True
        return f"reported/{name}" if taken else name

    def _end(self) -> None:
        if self._begun is not None:
            self._begun = None
            self._next += 1
        self._joined = False
        self._asked = None
