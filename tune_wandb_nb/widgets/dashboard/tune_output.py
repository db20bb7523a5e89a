"""Tune's own progress output, under a fold."""

import time
from collections.abc import Callable

import ipywidgets

__all__ = ["TuneOutput"]

_BYTES_A_SECOND = 5_000


class TuneOutput(ipywidgets.Accordion):
    """What is folded away is sent seldom."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._newest = ""
        self._due = 0.0
        self.output = ipywidgets.HTML(layout=ipywidgets.Layout(width="auto", overflow="auto"))
        super().__init__([self.output], selected_index=None)
        self.set_title(0, "Tune's own output")
        self.layout.display = "none"
        self.observe(lambda _: self.flush(), "selected_index")

    def show(self, html: str) -> None:
        if not html:
            return
        self._newest = f'<div class="twp twp-tune">{html}</div>'
        self.layout.display = None
        if self.selected_index is not None or self._clock() >= self._due:
            self.flush()

    def flush(self) -> None:
        if self._newest != self.output.value:
            self._due = self._clock() + len(self._newest) / _BYTES_A_SECOND
            self.output.value = self._newest
