import base64
import uuid
from collections.abc import Callable
from typing import Any

__all__ = ["StaticOutput"]

_VIEW = "application/vnd.jupyter.widget-view+json"


class StaticOutput:
    """A second output below a live widget, whose style sheet hides it: at the end HTML and a PNG.

    Only places without a kernel (GitHub, nbviewer, nbconvert's HTML) show it.
    """

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex[:12]
        self._display_ids: list[str] = []

    @property
    def live_class(self) -> str:
        return f"twp-live-{self._name}"

    @property
    def hide_while_live(self) -> str:
        static = f".twp-lasting-{self._name}"
        return f"<style>body:has(.{self.live_class}) {static} {{display: none;}}</style>"

    def display(self, widget: Any, report: Callable[[], str] | None) -> None:
        from IPython.display import display

        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        display({"text/plain": repr(widget), _VIEW: view}, raw=True)  # type: ignore[no-untyped-call]
        display_id = f"twp-{uuid.uuid4().hex}"
        self._display_ids.append(display_id)
        data = self._bundle(report(), None) if report else {"text/html": "", "text/plain": ""}
        display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]

    def update(self, report: Callable[[], str], png: Callable[[], bytes | None]) -> None:
        if not self._display_ids:
            return
        from IPython.display import update_display

        data = self._bundle(report(), png())
        for display_id in self._display_ids:
            update_display(data, raw=True, display_id=display_id)  # type: ignore[no-untyped-call]

    def _bundle(self, report: str, png: bytes | None) -> dict[str, str]:
        html = f'<div class="twp-lasting-{self._name}">{report}</div>'
        data = {"text/html": html, "text/plain": "the report of a Ray Tune search"}
        if png is not None:
            data["image/png"] = base64.b64encode(png).decode()
        return data
