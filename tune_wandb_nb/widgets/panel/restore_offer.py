"""The offer to restore what was typed before the kernel was restarted."""

from collections.abc import Callable

import ipywidgets

from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["RestoreOffer"]


class RestoreOffer(ipywidgets.HBox):
    """Hidden until `show`; ``restore`` returns a message for the person."""

    def __init__(self, restore: Callable[[str], str]) -> None:
        self._restore = restore
        self._saved_setup = ""
        self.message = ipywidgets.HTML()
        self.use = ipywidgets.Button(description="Use them", icon="history")
        self.dismiss = ipywidgets.Button(description="No", tooltip="Leave the form as it is")
        self.use.layout = ipywidgets.Layout(width="110px")
        self.dismiss.layout = ipywidgets.Layout(width="60px")
        layout = ipywidgets.Layout(display="none", align_items="center", flex_flow="row wrap")
        super().__init__([self.message, self.use, self.dismiss], layout=layout)
        self.add_class("twp-offer")
        self.use.on_click(lambda _: self._on_use())
        self.dismiss.on_click(lambda _: self._hide())

    def show(self, saved_setup: str) -> None:
        self._saved_setup = saved_setup
        self._show_message("What you last entered for this function is still here.")

    def _on_use(self) -> None:
        message = self._restore(self._saved_setup)
        if not message:
            self._hide()
            return
        self.use.layout.display = "none"
        self.dismiss.description = "OK"
        self._show_message(message)

    def _hide(self) -> None:
        self.layout.display = "none"

    def _show_message(self, text: str) -> None:
        self.layout.display = None
        self.message.value = f'<div class="twp">{escape(text)}</div>'
