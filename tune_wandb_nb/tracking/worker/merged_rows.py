import threading
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["MergedRows"]


class MergedRows:
    """Wraps a run's ``log``, and assigns a step to every reported row.

    A reported row usually becomes a row of its own. If the trial has begun a row without ending it
    (by logging with ``step=`` or ``commit=False``), the reported metrics are added to that row
    instead. A separate row would need the next step, and W&B would then drop what the trial logs
    next, because a step must not decrease.

        >>> rows = MergedRows(lambda data, step, commit: print(step, commit, data))
        >>> rows.log({"loss": 1}, step=5)
        5 False {'loss': 1}
        >>> rows.report({"accuracy": 2})
        5 False {'accuracy': 2}
        >>> rows.report({"accuracy": 3})
        6 True {'accuracy': 3}
    """

    def __init__(self, log: Callable[..., None], step: int = 0) -> None:
        self._log = log
        self._step = step
        self._begun: dict[str, Any] | None = None
        self._joined = False
        self._requested_step: int | None = None
        """The step that the trial passed for the begun row; the actual step may be later."""
        self._lock = threading.RLock()

    @property
    def next_step(self) -> int:
        """The step of the next row, after the begun row (if any) has ended."""
        return self._step + (self._begun is not None)

    def log(
        self, data: Any, step: int | None = None, commit: bool | None = None, **more: Any
    ) -> None:
        """Log the trial's own data, with the arguments of ``wandb.log``."""
        with self._lock:
            if step is not None and (self._begun is None or step != self._requested_step):
                self._end_row()
                # A reported row may have used the requested step already.
                self._step = max(step, self._step)
                self._requested_step = step
            ends_row = commit if commit is not None else step is None
            self._log(data, step=self._step, commit=ends_row, **more)
            self._begun = {**(self._begun or {}), **data}
            if ends_row:
                self._end_row()

    def report(self, metrics: Mapping[str, Any]) -> None:
        with self._lock:
            if self._begun is not None and not self._joined:
                joining = {self._unused_name(name, value): value for name, value in metrics.items()}
                self._log(joining, step=self._step, commit=False)
                self._joined = True
                self._begun.update(joining)
                return
            self._end_row()
            self._log(dict(metrics), step=self._step, commit=True)
            self._step += 1

    def _unused_name(self, name: str, value: Any) -> str:
        assert self._begun is not None
        is_taken = name in self._begun and self._begun[name] is not value
        try:
            is_taken = is_taken and not bool(self._begun[name] == value)
        except Exception:
            # Arrays and media have no truth value when compared; they count as different.
            is_taken = True
        return f"reported/{name}" if is_taken else name

    def _end_row(self) -> None:
        if self._begun is not None:
            self._begun = None
            self._step += 1
        self._joined = False
        self._requested_step = None
