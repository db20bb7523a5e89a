import threading
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["MergedRows"]


class MergedRows:
    """Wraps a run's ``log``, and assigns a step to every reported row.

    If the trial has begun a row without ending it (by ``step=`` or ``commit=False``), the reported
    metrics join it. A row of their own would need the next step, and W&B would drop what the trial
    then logs with the earlier one.
    """

    def __init__(self, log: Callable[..., None], step: int = 0) -> None:
        self._log = log
        self._step = step
        self._begun: dict[str, Any] | None = None
        self._joined = False
        self._requested_step: int | None = None
        """What the trial passed for the begun row; its step may be later."""
        self._lock = threading.RLock()

    @property
    def next_step(self) -> int:
        return self._step + (self._begun is not None)

    def log(
        self, data: Any, step: int | None = None, commit: bool | None = None, **more: Any
    ) -> None:
        """Take the trial's own data, with the arguments of ``wandb.log``."""
        with self._lock:
            if step is not None and (self._begun is None or step != self._requested_step):
                self._end_row()
                # A reported row may have used this step.
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
            # A comparison of arrays has no truth value.
            is_taken = True
        return f"reported/{name}" if is_taken else name

    def _end_row(self) -> None:
        if self._begun is not None:
            self._begun = None
            self._step += 1
        self._joined = False
        self._requested_step = None
