"""The search space as a table that can be edited: one row a hyperparameter."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

import ipywidgets

from tune_wandb_nb.tuning.form.setup import FieldProblem
from tune_wandb_nb.tuning.form.space_rows import Row
from tune_wandb_nb.widgets.form.space_row import SpaceRow

__all__ = ["SpaceEditor"]

_FRESH = Row("", "uniform", MappingProxyType({"lower": "0", "upper": "1"}))


class SpaceEditor(ipywidgets.VBox):
    """Rows that can be added, duplicated, moved and removed.

    Args:
        changed: called at every change.

    Example:
        >>> editor = SpaceEditor(lambda: None)
        >>> editor.rows = [Row("lr", "loguniform", {"lower": "1e-4", "upper": "0.1"})]
        >>> editor.row("lr").texts["lower"].value
        '1e-4'
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lines: list[SpaceRow] = []
        self.table = ipywidgets.VBox()
        self.add = ipywidgets.Button(description="Add a hyperparameter", icon="plus")
        self.add.layout = ipywidgets.Layout(width="190px")
        self.add.on_click(lambda _: self.insert(_FRESH))
        self.empty = ipywidgets.HTML(
            '<div class="twn soft">No hyperparameters yet: every trial gets an empty config.</div>'
        )
        super().__init__([self.empty, self.table, self.add])
        self._lay()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What stands in the table, right or not."""
        return tuple(line.row for line in self._lines)

    @rows.setter
    def rows(self, rows: Sequence[Row]) -> None:
        self._lines = [self._line(row) for row in rows]
        self._lay()
        self._changed()

    @property
    def lines(self) -> tuple[SpaceRow, ...]:
        """The rows as widgets."""
        return tuple(self._lines)

    def row(self, name: str) -> SpaceRow:
        """Return the row of a hyperparameter.

        Raises:
            KeyError: there is none of that name.
        """
        for line in self._lines:
            if line.name.value.strip() == name:
                return line
        raise KeyError(f"there is no row named {name!r}; add one with insert(Row(...)).")

    def insert(self, row: Row, place: int | None = None) -> SpaceRow:
        """Add a row, at the end or before another one."""
        line = self._line(row)
        self._lines.insert(len(self._lines) if place is None else place, line)
        self._lay()
        self._changed()
        return line

    def show(self, problems: Iterable[FieldProblem]) -> None:
        """Say in each row what is wrong with it."""
        by_row: dict[int, list[FieldProblem]] = {}
        for problem in problems:
            if problem.row is not None:
                by_row.setdefault(problem.row, []).append(problem)
        for index, line in enumerate(self._lines):
            line.show(by_row.get(index, ()))

    def _line(self, row: Row) -> SpaceRow:
        return SpaceRow(row, self._changed, self._act)

    def _act(self, line: SpaceRow, action: str) -> None:
        if line not in self._lines:  # a click on a row that is gone already
            return
        place = self._lines.index(line)
        if action == "copy":
            self.insert(replace(line.row, name=self._free_name(line.row.name)), place + 1)
            return
        self._lines.pop(place)
        if action != "remove":
            to = place - 1 if action == "up" else place + 1
            self._lines.insert(min(max(to, 0), len(self._lines)), line)
        self._lay()
        self._changed()

    def _free_name(self, name: str) -> str:
        names = {line.name.value.strip() for line in self._lines}
        number = 2
        while f"{name.strip()}_{number}" in names:
            number += 1
        return f"{name.strip()}_{number}"

    def _lay(self) -> None:
        self.table.children = list(self._lines)
        self.empty.layout.display = "none" if self._lines else None
        for place, line in enumerate(self._lines):
            line.buttons["up"].disabled = place == 0
            line.buttons["down"].disabled = place == len(self._lines) - 1
