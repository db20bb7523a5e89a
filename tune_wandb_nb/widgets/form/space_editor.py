from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import ipywidgets

from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.registry import KINDS, field_names
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.form.setup_fields import FieldProblem
from tune_wandb_nb.tuning.form.space_rows import Row, read_row
from tune_wandb_nb.widgets.base.markup import escape, show_html
from tune_wandb_nb.widgets.base.palette import FULL_DESCRIPTION
from tune_wandb_nb.widgets.form.preview import preview_html

__all__ = ["SpaceEditor", "SpaceRow"]

_NEW_ROW = Row("", "uniform", MappingProxyType({"lower": "0", "upper": "1"}))
_TITLES = {
    "uniform": "uniform",
    "quniform": "uniform, steps",
    "loguniform": "log",
    "qloguniform": "log, steps",
    "randn": "normal",
    "qrandn": "normal, steps",
    "randint": "integer",
    "qrandint": "integer, steps",
    "lograndint": "integer, log",
    "qlograndint": "integer, log, steps",
    "choice": "choice",
    "grid": "grid",
    "constant": "constant",
}
_UPPER_EXCLUDED = ("randint", "lograndint")
_PLACEHOLDERS = {"values": "adam, sgd", "value": "10"}
_ACTIONS = (
    ("up", "arrow-up", "Move up"),
    ("down", "arrow-down", "Move down"),
    ("copy", "copy", "Duplicate"),
    ("remove", "times", "Remove"),
)


class SpaceRow(ipywidgets.VBox):
    """``on_action`` is called with the row and "up", "down", "copy" or "remove"."""

    def __init__(
        self,
        row: Row,
        on_change: Callable[[], None],
        on_action: Callable[["SpaceRow", str], None],
    ) -> None:
        self._kept = row.kept
        self._on_change = on_change
        self.texts: dict[str, ipywidgets.Text] = {}
        self._typed = dict(row.texts)
        self.name = ipywidgets.Text(value=row.name, placeholder="name", layout=_flex("1 1 95px"))
        self.name.disabled = self._kept is not None
        self.kind = self._kind_control(row)
        self._fields = ipywidgets.HBox(layout=_flex("3 1 200px"))
        self.preview = ipywidgets.HTML(layout=_flex("0 0 100px"))
        self.buttons = {name: _button(icon, tip) for name, icon, tip in _ACTIONS}
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: on_action(self, name))
        self.message = ipywidgets.HTML(layout=ipywidgets.Layout(display="none"))
        tools = ipywidgets.HBox(list(self.buttons.values()), layout=_flex("0 0 auto"))
        line = ipywidgets.HBox(
            [self.name, self.kind, self._fields, self.preview, tools],
            layout=ipywidgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        super().__init__([line, self.message])
        self.add_class("twp-row")
        self._show_fields()
        self.name.observe(lambda _: on_change(), "value")
        self.kind.observe(lambda _: self._on_kind(), "value")

    @property
    def row(self) -> Row:
        if self._kept is not None:
            return Row(self.name.value, Kept.kind, kept=self._kept)
        return Row(self.name.value, self.kind.value, MappingProxyType(dict(self._typed)))

    def show(self, problems: Iterable[FieldProblem]) -> None:
        messages = "<br>".join(escape(problem.message) for problem in problems)
        show_html(self.message, f'<div class="twp-said bad">{messages}</div>' if messages else "")
        try:
            self.preview.value = preview_html(read_row(self.row))
        except SpaceError:
            self.preview.value = ""

    def _kind_control(self, row: Row) -> ipywidgets.Dropdown:
        if self._kept is not None:
            only = [("kept as it is", Kept.kind)]
            return ipywidgets.Dropdown(options=only, disabled=True, layout=_flex("0 0 142px"))
        options = [(_TITLES[kind], kind) for kind in KINDS]
        return ipywidgets.Dropdown(options=options, value=row.kind, layout=_flex("0 0 142px"))

    def _on_kind(self) -> None:
        self._show_fields()
        self._on_change()

    def _show_fields(self) -> None:
        if self._kept is not None:
            note = f'<span class="twp soft">{escape(self._kept.title)}</span>'
            self._fields.children = [ipywidgets.HTML(note, layout=_flex("1 1 0"))]
            return
        self.texts = {name: self._text(name) for name in field_names(self.kind.value)}
        self._fields.children = list(self.texts.values())

    def _text(self, name: str) -> ipywidgets.Text:
        has_placeholder = name in _PLACEHOLDERS
        excluded = name == "upper" and self.kind.value in _UPPER_EXCLUDED
        control = ipywidgets.Text(
            value=self._typed.get(name, ""),
            description="" if has_placeholder else "below" if excluded else name,
            placeholder=_PLACEHOLDERS.get(name, ""),
            style=FULL_DESCRIPTION,
            layout=_flex("1 1 0"),
        )
        control.observe(partial(self._on_text, name), "value")
        return control

    def _on_text(self, name: str, change: dict[str, str]) -> None:
        self._typed[name] = change["new"]
        self._on_change()


class SpaceEditor(ipywidgets.VBox):
    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._lines: list[SpaceRow] = []
        self.table = ipywidgets.VBox()
        self.add = ipywidgets.Button(description="Add a hyperparameter", icon="plus")
        self.add.layout = ipywidgets.Layout(width="190px")
        self.add.on_click(lambda _: self.insert(_NEW_ROW))
        self.empty = ipywidgets.HTML(
            '<div class="twp soft">No hyperparameters yet: every trial gets an empty config.</div>'
        )
        super().__init__([self.empty, self.table, self.add])
        self._update_table()

    @property
    def rows(self) -> tuple[Row, ...]:
        """As typed, valid or not."""
        return tuple(line.row for line in self._lines)

    @rows.setter
    def rows(self, rows: Sequence[Row]) -> None:
        self._lines = [self._line(row) for row in rows]
        self._update_table()
        self._on_change()

    @property
    def lines(self) -> tuple[SpaceRow, ...]:
        return tuple(self._lines)

    def row(self, name: str) -> SpaceRow:
        """Raises KeyError."""
        for line in self._lines:
            if line.name.value.strip() == name:
                return line
        raise KeyError(f"there is no row named {name!r}; add one with insert(Row(...)).")

    def insert(self, row: Row, index: int | None = None) -> SpaceRow:
        line = self._line(row)
        self._lines.insert(len(self._lines) if index is None else index, line)
        self._update_table()
        self._on_change()
        return line

    def show(self, problems: Iterable[FieldProblem]) -> None:
        by_row: dict[int, list[FieldProblem]] = {}
        for problem in problems:
            if problem.row is not None:
                by_row.setdefault(problem.row, []).append(problem)
        for index, line in enumerate(self._lines):
            line.show(by_row.get(index, ()))

    def _line(self, row: Row) -> SpaceRow:
        return SpaceRow(row, self._on_change, self._on_action)

    def _on_action(self, line: SpaceRow, action: str) -> None:
        if line not in self._lines:  # a late click on a row that has been removed
            return
        index = self._lines.index(line)
        if action == "copy":
            self.insert(replace(line.row, name=self._free_name(line.row.name)), index + 1)
            return
        self._lines.pop(index)
        if action != "remove":
            moved_to = index - 1 if action == "up" else index + 1
            self._lines.insert(min(max(moved_to, 0), len(self._lines)), line)
        self._update_table()
        self._on_change()

    def _free_name(self, name: str) -> str:
        names = {line.name.value.strip() for line in self._lines}
        number = 2
        while f"{name.strip()}_{number}" in names:
            number += 1
        return f"{name.strip()}_{number}"

    def _update_table(self) -> None:
        self.table.children = list(self._lines)
        self.empty.layout.display = "none" if self._lines else None
        for index, line in enumerate(self._lines):
            line.buttons["up"].disabled = index == 0
            line.buttons["down"].disabled = index == len(self._lines) - 1


def _flex(flex: str) -> ipywidgets.Layout:
    return ipywidgets.Layout(flex=flex, width="auto", min_width="0")


def _button(icon: str, tip: str) -> ipywidgets.Button:
    button = ipywidgets.Button(
        icon=icon, tooltip=tip, layout=ipywidgets.Layout(width="24px", margin="0")
    )
    button.add_class("twp-tool")
    return button
