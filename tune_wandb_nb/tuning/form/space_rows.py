from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Distribution, Kept
from tune_wandb_nb.search_space.distributions.names import name_problems
from tune_wandb_nb.search_space.distributions.ranges import Range
from tune_wandb_nb.search_space.distributions.registry import KINDS, field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError, literal
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.form.setup_fields import FieldProblem
from tune_wandb_nb.tuning.plan.parse import (
    format_values,
    parse_integer,
    parse_number,
    parse_value,
    parse_values,
)

__all__ = ["Row", "read_row", "read_rows", "row_of", "rows_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """``texts`` may have fields of other kinds, for when the kind is changed back."""

    name: str = ""
    kind: str = "uniform"
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    kept: Kept | None = None


def read_rows(rows: Sequence[Row]) -> tuple[SearchSpace | None, list[FieldProblem]]:
    names = [row.name.strip() for row in rows]
    wrong_names = name_problems(names)
    problems: list[FieldProblem] = []
    parameters: dict[str, Distribution] = {}
    for index, row in enumerate(rows):
        errors = [wrong_names[index]] if index in wrong_names else []
        try:
            parameters[names[index]] = read_row(row)
        except SpaceError as error:
            errors.append(error)
        problems += [FieldProblem(error.field or "kind", error.message, index) for error in errors]
    return (None if problems else SearchSpace(parameters)), problems


def read_row(row: Row) -> Distribution:
    """Raises SpaceError."""
    if row.kept is not None:
        return row.kept
    parsers = {name: _parser(row.kind, name) for name in field_names(row.kind)}
    texts = {name: row.texts.get(name, "") for name in parsers}
    return make(row.kind, {name: parse(texts[name], name) for name, parse in parsers.items()})


def rows_of(space: SearchSpace) -> tuple[Row, ...]:
    return tuple(row_of(name, distribution) for name, distribution in space.items())


def row_of(name: str, distribution: Distribution) -> Row:
    if isinstance(distribution, Kept):
        return Row(name, distribution.kind, kept=distribution)
    formatters: Mapping[str, Callable[[Any], str]] = {"values": format_values, "value": literal}
    texts = {
        name: formatters.get(name, repr)(value) for name, value in distribution.arguments().items()
    }
    return Row(name, distribution.kind, MappingProxyType(texts))


def _parser(kind: str, name: str) -> Callable[[str, str], Any]:
    if name == "values":
        return parse_values
    if name == "value":
        return parse_value
    cls = KINDS[kind]
    return parse_integer if issubclass(cls, Range) and cls.integer else parse_number
