from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from tune_wandb_nb.widgets.base.markup import escape, show_html

__all__ = ["Field", "checkbox_field", "dropdown_field", "text_field", "textarea_field"]

_HTML_CHARACTERS = frozenset('<>&"')


class Field(ipywidgets.VBox):
    def __init__(self, control: ipywidgets.Widget, label: str, hint: str = "") -> None:
        self.control = control
        self._hint = hint
        heading = ipywidgets.HTML(f'<div class="twp-label">{escape(label)}</div>' if label else "")
        heading.layout = ipywidgets.Layout(display=None if label else "none")
        self.message = ipywidgets.HTML()
        super().__init__([heading, control, self.message])
        self.add_class("twp-field")
        self.show()

    @property
    def text(self) -> str:
        """Of a checkbox "yes" or ""."""
        value = self.control.value
        if isinstance(value, bool):
            return "yes" if value else ""
        return "" if value is None else str(value)

    @text.setter
    def text(self, text: str) -> None:
        if isinstance(self.control.value, bool):
            self.control.value = bool(text)
        else:
            self.control.value = text

    def show(self, problem: str = "", warning: str = "") -> None:
        kind = "bad" if problem else "odd" if warning else "hint"
        message = problem or warning or self._hint
        html = f'<div class="twp-said {kind}">{escape(message)}</div>' if message else ""
        show_html(self.message, html)

    def suggest(self, texts: Iterable[str]) -> None:
        """Without HTML characters: ipywidgets 7 inserts them, and others name projects."""
        plain = (text for text in texts if text and not set(text) & _HTML_CHARACTERS)
        self.control.options = tuple(plain)

    def on_change(self, act: Callable[[], None]) -> None:
        self.control.observe(lambda _: act(), "value")


def text_field(
    label: str, *, hint: str = "", placeholder: str = "", suggestions: Iterable[str] | None = None
) -> Field:
    """With ``suggestions`` a combobox."""
    common: dict[str, Any] = {"placeholder": placeholder, "layout": _full_width()}
    if suggestions is None:
        return Field(ipywidgets.Text(**common), label, hint)
    field = Field(ipywidgets.Combobox(ensure_option=False, **common), label, hint)
    field.suggest(suggestions)
    return field


def dropdown_field(label: str, options: Iterable[tuple[str, str]], *, hint: str = "") -> Field:
    return Field(ipywidgets.Dropdown(options=list(options), layout=_full_width()), label, hint)


def textarea_field(label: str, *, placeholder: str = "") -> Field:
    return Field(ipywidgets.Textarea(placeholder=placeholder, rows=2, layout=_full_width()), label)


def checkbox_field(label: str, *, hint: str = "") -> Field:
    control = ipywidgets.Checkbox(description=label, indent=False, layout=_full_width())
    field = Field(control, "", hint)
    field.add_class("twp-box")
    return field


def _full_width() -> ipywidgets.Layout:
    return ipywidgets.Layout(width="100%", min_width="0")
