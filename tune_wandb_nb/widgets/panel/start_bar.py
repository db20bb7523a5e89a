from collections.abc import Callable, Sequence

import ipywidgets

from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["RestoreOffer", "StartBar"]

_RUNNING = ("running", "stopping")


class StartBar(ipywidgets.HBox):
    """``fold`` is called with True to hide the form."""

    def __init__(
        self,
        start: Callable[[], None],
        stop: Callable[[], None],
        resume: Callable[[], None],
        fold: Callable[[bool], None],
    ) -> None:
        self.status = "new"
        self.summary: Sequence[str] = ()
        self._problems = 0
        self._has_function = True
        self.start = _button("Start", "play", "success", lambda: self._try(start))
        self.stop = _button("Stop", "stop", "danger", lambda: self._try(stop))
        self.resume = _button("Resume", "play", "", lambda: self._try(resume))
        self.folded = False
        self._on_fold = fold
        self.edit = _button("Hide the form", "chevron-up", "", lambda: self.fold(not self.folded))
        self.edit.layout = ipywidgets.Layout(width="140px")
        self.message = ipywidgets.HTML()
        layout = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        super().__init__(
            [self.start, self.stop, self.resume, self.edit, self.message], layout=layout
        )
        self.add_class("twp-start")
        self._update()

    @property
    def is_running(self) -> bool:
        return self.status in _RUNNING

    def show(self, status: str) -> None:
        self.status = status
        self._update()

    def fold(self, folded: bool) -> None:
        self.folded = folded
        self._on_fold(folded)
        self._update()

    def check(self, problems: int, *, has_function: bool) -> None:
        self._problems, self._has_function = problems, has_function
        self._update()

    # Internals

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            self._show_message(f'<span class="bad">{escape(error)}</span>')

    def _update(self) -> None:
        started = self.status != "new"
        ready = not self._problems and self._has_function
        self.start.disabled = self.is_running or not ready
        self.start.description = "Start again" if started else "Start"
        self.start.layout.display = "none" if self.is_running else None
        self.stop.layout.display = None if self.is_running else "none"
        self.stop.disabled = self.status == "stopping"
        self.resume.layout.display = None if self.status == "stopped" else "none"
        self.edit.layout.display = None if started else "none"
        self.edit.description = "Edit the form" if self.folded else "Hide the form"
        self.edit.icon = "chevron-down" if self.folded else "chevron-up"
        self._show_message(self._message_html())

    def _message_html(self) -> str:
        if self.status != "new":
            # The dashboard below begins with the status.
            parts = " · ".join(map(escape, self.summary))
            return f'<span class="soft">{parts}</span>'
        if not self._has_function:
            return '<span class="soft">No training function yet: panel.trainable = train</span>'
        if self._problems:
            things = "1 thing is" if self._problems == 1 else f"{self._problems} things are"
            return f'<span class="bad">{things} to be put right first</span>'
        return '<span class="soft">Ready. The notebook stays free while the search runs.</span>'

    def _show_message(self, html: str) -> None:
        self.message.value = f'<div class="twp">{html}</div>'


class RestoreOffer(ipywidgets.HBox):
    """Offers what was typed last, once `show` is called; ``restore`` returns a message."""

    def __init__(self, restore: Callable[[str], str]) -> None:
        self._restore = restore
        self._saved_setup = ""
        self.message = ipywidgets.HTML()
        self.use = _button("Use them", "history", "", self._on_use)
        self.dismiss = _button("No", "", "", self._hide)
        self.dismiss.tooltip = "Leave the form as it is"
        for button, width in ((self.use, "110px"), (self.dismiss, "60px")):
            button.layout = ipywidgets.Layout(width=width)
        layout = ipywidgets.Layout(display="none", align_items="center", flex_flow="row wrap")
        super().__init__([self.message, self.use, self.dismiss], layout=layout)
        self.add_class("twp-offer")

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


def _button(title: str, icon: str, style: str, action: Callable[[], None]) -> ipywidgets.Button:
    button = ipywidgets.Button(description=title, icon=icon, button_style=style)
    button.layout = ipywidgets.Layout(width="120px")
    button.on_click(lambda _: action())
    return button
