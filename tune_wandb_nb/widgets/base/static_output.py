"""What stays of a widget in a notebook's file: shown wherever the widget does not live."""

import base64
import uuid
from collections.abc import Callable
from typing import Any

__all__ = ["StaticOutput"]

_VIEW = "application/vnd.jupyter.widget-view+json"


class StaticOutput:
    """A second output below a widget: empty at first, at the end static HTML and a PNG.

    The widget brings a style sheet that hides it. So where the widget lives only the widget is
    seen, and on GitHub, in nbviewer, in nbconvert's HTML and without a kernel only the rest.
    """

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex[:12]
        self._displays: list[str] = []

    @property
    def live_class(self) -> str:
        """The CSS class of the living widget."""
        return f"twn-live-{self._name}"

    @property
    def hide_while_live(self) -> str:
        """The style that hides the lasting output while the widget lives."""
        last = f".twn-lasting-{self._name}"
        return f"<style>body:has(.{self.live_class}) {last} {{display: none;}}</style>"

    def display(self, widget: Any, report: Callable[[], str] | None) -> None:
        """Display a widget and, below it, the place for what lasts."""
        from IPython.display import display

        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        display({"text/plain": repr(widget), _VIEW: view}, raw=True)  # type: ignore[no-untyped-call]
        display_id = f"twn-{uuid.uuid4().hex}"
        self._displays.append(display_id)
        data = self._bundle(report(), None) if report else {"text/html": "", "text/plain": ""}
        display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]

    def update(self, report: Callable[[], str], png: Callable[[], bytes | None]) -> None:
        """Fill every place with the report; nothing is made where nothing was displayed."""
        if not self._displays:
            return
        from IPython.display import update_display

        data = self._bundle(report(), png())
        for display_id in self._displays:
            update_display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]

    def _bundle(self, report: str, png: bytes | None) -> dict[str, str]:
        html = f'<div class="twn-lasting-{self._name}">{report}</div>'
        data = {"text/html": html, "text/plain": "the report of a Ray Tune search"}
        if png is not None:
            data["image/png"] = base64.b64encode(png).decode()
        return data
