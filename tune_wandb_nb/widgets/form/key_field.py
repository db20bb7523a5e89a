from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

__all__ = ["KeyField"]


class KeyField(ipywidgets.Password):
    """A password field that passes the typed text to a function and is empty again.

    A widget's value becomes part of the notebook's file when the state of its widgets is saved
    (jupyter-widgets/ipywidgets#1793). The browser sends the key once; the kernel empties the field
    before anything else, and never echoes the key to other browsers.
    """

    value = traitlets.Unicode("", help="What is typed, until it is read.").tag(
        sync=True, echo_update=False
    )

    def __init__(self, on_key: Callable[[str], None], **given: Any) -> None:
        super().__init__(continuous_update=False, **given)
        self._on_key = on_key
        self.observe(self._on_value, "value")

    def _on_value(self, change: Any) -> None:
        typed = change["new"]
        if typed:
            self.value = ""
            self._on_key(typed)
