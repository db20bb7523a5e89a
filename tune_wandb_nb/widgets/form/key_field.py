"""The field for an API key, which forgets what is typed the moment it is read."""

from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

__all__ = ["KeyField"]


class KeyField(ipywidgets.Password):
    """A password field that hands on what is typed and is empty again.

    A widget's value is part of the notebook once its widgets are saved (jupyter-widgets/ipywidgets
    #1793), so this one never holds a key: it is sent once, when the field is left or at Enter,
    emptied before anything else is done with it, and never echoed to other browsers.

    Args:
        take: called with what was typed.
        **given: arguments of ``ipywidgets.Password``.

    Example:
        >>> taken = []
        >>> field = KeyField(taken.append)
        >>> field.value = "a secret"
        >>> taken, field.value
        (['a secret'], '')
    """

    value = traitlets.Unicode("", help="What is typed, until it is read.").tag(
        sync=True, echo_update=False
    )

    def __init__(self, take: Callable[[str], None], **given: Any) -> None:
        super().__init__(continuous_update=False, **given)
        self._take = take
        self.observe(self._read, "value")

    def _read(self, change: Any) -> None:
        typed = change["new"]
        if typed:
            self.value = ""
            self._take(typed)
