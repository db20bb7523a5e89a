"""One field of a form: its label, its control, and what is wrong with it, in place."""

from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from tune_wandb_nb.widgets.base.markup import escape

__all__ = ["Field", "area", "box", "choice", "text"]

_FULL = "100%"
_HTML = frozenset('<>&"')


class Field(ipywidgets.VBox):
    """A control with its label above and, below, a problem, a warning or a hint.

    ``text`` is what stands in it, whatever the control; a ticked box has "yes", else nothing.
    """

    def __init__(self, control: ipywidgets.Widget, label: str, hint: str = "") -> None:
        self.control = control
        self._hint = hint
        heading = ipywidgets.HTML(f'<div class="twn-label">{escape(label)}</div>' if label else "")
        heading.layout = ipywidgets.Layout(display=None if label else "none")
        self.message = ipywidgets.HTML()
        super().__init__([heading, control, self.message])
        self.add_class("twn-field")
        self.show()

    @property
    def text(self) -> str:
        """What stands in the field."""
        value = self.control.value
        if isinstance(value, bool):
            return "yes" if value else ""
        return "" if value is None else str(value)

    @text.setter
    def text(self, text: str) -> None:
        if isinstance(self.control.value, bool):
            self.control.value = bool(text)
        elif text != self.control.value:
            self.control.value = text

    def show(self, problem: str = "", warning: str = "") -> None:
        """Say what is wrong, else what is odd, else the hint."""
        kind = "bad" if problem else "odd" if warning else "hint"
        said = problem or warning or self._hint
        html = f'<div class="twn-said {kind}">{escape(said)}</div>' if said else ""
        if html != self.message.value:
            self.message.value = html
        self.message.layout.display = None if html else "none"

    def suggest(self, texts: Iterable[str]) -> None:
        """Offer texts below the line.

        ipywidgets 7 writes them as HTML, so those that would be more than a text are left out:
        a project's name is somebody else's choice.
        """
        self.control.options = tuple(text for text in texts if text and not set(text) & _HTML)

    def on_change(self, act: Callable[[], None]) -> None:
        """Call at every change of the text."""
        self.control.observe(lambda _: act(), "value")


def text(
    label: str, *, hint: str = "", placeholder: str = "", suggestions: Iterable[str] | None = None
) -> Field:
    """Return a line of text; with ``suggestions``, even none yet, a list can be offered."""
    common: dict[str, Any] = {"placeholder": placeholder, "layout": _wide()}
    if suggestions is None:
        return Field(ipywidgets.Text(**common), label, hint)
    found = Field(ipywidgets.Combobox(ensure_option=False, **common), label, hint)
    found.suggest(suggestions)
    return found


def choice(label: str, options: Iterable[tuple[str, str]], *, hint: str = "") -> Field:
    """Return a choice of one of (title, text)."""
    return Field(ipywidgets.Dropdown(options=list(options), layout=_wide()), label, hint)


def area(label: str, *, placeholder: str = "") -> Field:
    """Return a text of several lines."""
    return Field(ipywidgets.Textarea(placeholder=placeholder, rows=2, layout=_wide()), label)


def box(label: str, *, hint: str = "") -> Field:
    """Return a box to tick."""
    control = ipywidgets.Checkbox(description=label, indent=False, layout=_wide())
    found = Field(control, "", hint)
    found.add_class("twn-box")
    return found


def _wide() -> ipywidgets.Layout:
    return ipywidgets.Layout(width=_FULL, min_width="0")
