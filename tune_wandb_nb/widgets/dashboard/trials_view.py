import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot
from tune_wandb_nb.tuning.chart_data.search_header import SearchContext
from tune_wandb_nb.tuning.chart_data.state_encoder import Message, StateEncoder
from tune_wandb_nb.widgets.report.report import BUNDLE, STYLES

__all__ = ["TrialsView"]

_BYTES_A_SECOND = 20_000
_STATES_APART = 2.0


class TrialsView(anywidget.AnyWidget):
    """A page that begins to show the view asks until it gets the full state, then gets changes.

    A kernel that is busy with a cell cannot answer: until the first question the full state is sent
    again and again, as often as its size allows.
    """

    _esm = BUNDLE
    _css = STYLES
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)
    saved = traitlets.Unicode("").tag(sync=True)
    """The last state, for when there is no kernel."""
    options = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        stop: Callable[[], None],
        stop_trial: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(options={"theme": None, "height": None})
        self._stop, self._stop_trial, self._clock = stop, stop_trial, clock
        # The dashboard's thread shows snapshots, the kernel's takes questions.
        self._lock = threading.Lock()
        self._encoder = StateEncoder()
        self._shown: tuple[BoardSnapshot, SearchContext] | None = None
        self._was_asked = False
        self._next_state = self._next_change = 0.0
        self.on_msg(self._on_message)

    def expect_page(self) -> None:
        self._was_asked = False

    def show(self, snapshot: BoardSnapshot, context: SearchContext) -> None:
        """Send nothing shortly after much was sent, except at the end."""
        with self._lock:
            self._shown = (snapshot, context)
            now, has_ended = self._clock(), snapshot.ended is not None
            if not self._was_asked and (has_ended or now >= self._next_state):
                self._send_state()
            elif has_ended or now >= self._next_change:
                change = self._encoder.change(snapshot, context)
                if change is not None:
                    self._next_change = now + self._send_message(change) / _BYTES_A_SECOND

    def keep(self, lasting: bytes) -> None:
        self.saved = base64.b64encode(lasting).decode()

    def lasting(self, snapshot: BoardSnapshot, context: SearchContext) -> bytes:
        with self._lock:
            return self._encoder.lasting(snapshot, context)

    def _on_message(self, _: object, content: Any, __: object) -> None:
        kind = content.get("kind") if isinstance(content, Mapping) else None
        if kind == "ready":
            with self._lock:
                self._was_asked = True
                # Questions that waited for a busy kernel are one question.
                if not content.get("again") or self._clock() >= self._next_state:
                    self._send_state()
        elif kind == "stop":
            self._stop()
        elif kind == "stop-trial" and isinstance(content.get("id"), str):
            self._stop_trial(content["id"])

    def _send_state(self) -> None:
        if self._shown is not None:
            size = self._send_message(self._encoder.state(*self._shown))
            self._next_state = self._clock() + max(size / _BYTES_A_SECOND, _STATES_APART)

    def _send_message(self, message: Message) -> int:
        self.send(message.content, buffers=message.buffers)
        return message.size
