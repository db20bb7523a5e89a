"""The offer to take over what was typed before the kernel was restarted."""

from collections.abc import Callable

import ipywidgets

from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["RestoreOffer"]


class RestoreOffer(ipywidgets.HBox):
    """A line with two buttons; not there until `make`.

    Args:
        take: called with what was offered; returns what has to be said of it, or "".
    """

    def __init__(self, take: Callable[[str], str]) -> None:
        self._take = take
        self._text = ""
        self.message = ipywidgets.HTML()
        self.use = ipywidgets.Button(description="Use them", icon="history")
        self.dismiss = ipywidgets.Button(description="No", tooltip="Leave the form as it is")
        self.use.layout = ipywidgets.Layout(width="110px")
        self.dismiss.layout = ipywidgets.Layout(width="60px")
        layout = ipywidgets.Layout(display="none", align_items="center", flex_flow="row wrap")
        super().__init__([self.message, self.use, self.dismiss], layout=layout)
        self.add_class("twn-offer")
        self.use.on_click(lambda _: self._on_use())
        self.dismiss.on_click(lambda _: self._leave())

    def make(self, text: str) -> None:
        """Offer a saved setup."""
        self._text = text
        self._say("What you last entered for this function is still here.")

    def _on_use(self) -> None:
        said = self._take(self._text)
        if not said:
            self._leave()
            return
        self.use.layout.display = "none"
        self.dismiss.description = "OK"
        self._say(said)

    def _leave(self) -> None:
        self.layout.display = "none"

    def _say(self, text: str) -> None:
        self.layout.display = None
        self.message.value = f'<div class="twn">{escape(text)}</div>'
