from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

import ipywidgets

from tune_wandb_nb.tuning.form.setup import FieldProblem
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.space_row import SpaceRow

__all__ = ["SpaceEditor"]

_NEW_ROW = Row("", "uniform", MappingProxyType({"lower": "0", "upper": "1"}))


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
