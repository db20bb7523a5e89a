"""The rows of the form's table of hyperparameters, and their conversion to a search space."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Distribution, Kept
from tune_wandb_nb.search_space.distributions.names import name_problems
from tune_wandb_nb.search_space.distributions.ranges import Range
from tune_wandb_nb.search_space.distributions.registry import KINDS, field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.plan.parse import (
    format_number,
    format_value,
    format_values,
    parse_integer,
    parse_number,
    parse_value,
    parse_values,
)

__all__ = ["Problem", "Row", "read_row", "read_rows", "row_of", "rows_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row in the form as typed, right or wrong.

    ``texts`` may also contain the fields of other kinds, so that their texts reappear when a person
    changes the kind back. ``kept`` is an object that the form cannot express; in that case ``kind``
    is "kept".
    """

    name: str = ""
    kind: str = "uniform"
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in one field ("name", "kind", "lower", ...) of one row; rows count from 0."""

    row: int
    field: str
    message: str


def read_rows(rows: Sequence[Row]) -> tuple[SearchSpace | None, tuple[Problem, ...]]:
    """Return the search space of the rows, or None and the problems.

    Example:
        >>> row = Row("lr", "loguniform", {"lower": "0", "upper": "1e-1"})
        >>> space, problems = read_rows([row])
        >>> problems[0].field, problems[0].message[:40]
        ('lower', 'on a log scale lower must be above 0, bu')
    """
    names = [row.name.strip() for row in rows]
    wrong_names = name_problems(names)
    problems: list[Problem] = []
    parameters: dict[str, Distribution] = {}
    for index, row in enumerate(rows):
        errors = [wrong_names[index]] if index in wrong_names else []
        try:
            parameters[names[index]] = read_row(row)
        except SpaceError as error:
            errors.append(error)
        problems += [Problem(index, error.field or "kind", error.message) for error in errors]
    return (None if problems else SearchSpace(parameters)), tuple(problems)


def read_row(row: Row) -> Distribution:
    """Return the distribution of one row.

    Raises:
        SpaceError: the row is wrong; ``field`` is the name of the wrong field.
    """
    if row.kept is not None:
        return row.kept
    parsers = {name: _parser(row.kind, name) for name in field_names(row.kind)}
    texts = {name: row.texts.get(name, "") for name in parsers}
    return make(row.kind, {name: parse(texts[name], name) for name, parse in parsers.items()})


def rows_of(space: SearchSpace) -> tuple[Row, ...]:
    """Return the rows of a search space.

    Example:
        >>> from tune_wandb_nb.search_space.distributions.ranges import RandInt
        >>> rows_of(SearchSpace({"layers": RandInt(1, 5)}))[0].texts["upper"]
        '5'
    """
    return tuple(row_of(name, distribution) for name, distribution in space.items())


def row_of(name: str, distribution: Distribution) -> Row:
    """Return the row of a distribution."""
    if isinstance(distribution, Kept):
        return Row(name, distribution.kind, kept=distribution)
    texts = {field: _formatter(field)(value) for field, value in distribution.arguments().items()}
    return Row(name, distribution.kind, MappingProxyType(texts))


def _parser(kind: str, name: str) -> Callable[[str, str], Any]:
    if name == "values":
        return parse_values
    if name == "value":
        return parse_value
    cls = KINDS[kind]
    return parse_integer if issubclass(cls, Range) and cls.integer else parse_number


def _formatter(name: str) -> Callable[[Any], str]:
    return {"values": format_values, "value": format_value}.get(name, format_number)
