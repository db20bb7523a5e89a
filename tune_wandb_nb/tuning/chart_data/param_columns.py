import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tune_wandb_nb.search_space.space.params import ParamType, is_number
from tune_wandb_nb.tuning.chart_data.axes import looks_log
from tune_wandb_nb.tuning.chart_data.json_values import json_value

__all__ = ["ParamColumns"]

_MOST_PARAMS = 100
_MOST_CATEGORIES = 60
_MOST_REMEMBERED = 300


class ParamColumns:
    """Those of the search space come first."""

    def __init__(self, types: Mapping[str, ParamType]) -> None:
        self._columns = {name: _Column(name, types[name]) for name in list(types)[:_MOST_PARAMS]}
        self._header: list[dict[str, Any]] | None = None

    def add(self, params: Mapping[str, Any]) -> None:
        for name, value in params.items():
            column = self._columns.get(name)
            if column is None:
                if len(self._columns) >= _MOST_PARAMS:
                    continue
                column = self._columns[name] = _Column(name, None)
                self._header = None
            if column.add(value):
                self._header = None

    def values_of(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {k: json_value(v) for k, v in params.items() if k in self._columns}

    def header(self) -> list[dict[str, Any]]:
        if self._header is None:
            self._header = [c.header() for c in self._columns.values() if c.distinct]
        return self._header


class _Column:
    __slots__ = ("_declared", "_name", "_only_numbers", "_only_whole", "distinct")

    def __init__(self, name: str, declared: ParamType | None) -> None:
        self._name = name
        self._declared = declared
        self._only_numbers = self._only_whole = True
        # By type and value, since 1 == True == 1.0.
        self.distinct: dict[tuple[type, Any], Any] = {}

    def add(self, value: Any) -> bool:
        """Return whether the column has changed."""
        key = (type(value), value)
        if key in self.distinct or len(self.distinct) >= _MOST_REMEMBERED:
            return False
        self.distinct[key] = value
        is_gap = value is None or (isinstance(value, float) and not math.isfinite(value))
        if not is_gap:
            self._only_numbers &= is_number(value)
            self._only_whole &= isinstance(value, int) and not isinstance(value, bool)
        return True

    def header(self) -> dict[str, Any]:
        declared = self._declared
        categories = None if declared is None else declared.values
        if categories is None and (not self._only_numbers or self._has_only_gaps()):
            categories = tuple(sorted(self.distinct.values(), key=_natural_order))
        kind, values, log, integer = "number", None, False, False
        if categories is not None:
            known = {(type(value), value): value for value in categories}
            # Population based training may leave the values of the search space.
            values = [json_value(value) for value in {**known, **self.distinct}.values()]
            kind = "category"
            if len(values) > _MOST_CATEGORIES:
                kind, values = "text", None
        elif declared is not None:
            log, integer = declared.log, declared.integer
        else:
            log = looks_log(np.array([float(v) for v in self.distinct.values() if is_number(v)]))
            integer = self._only_whole
        return {
            "name": self._name,
            "type": kind,
            "integer": integer,
            "log": log,
            "values": values,
            "varies": len(self.distinct) > 1,
        }

    def _has_only_gaps(self) -> bool:
        return not any(is_number(value) for value in self.distinct.values())


def _natural_order(value: Any) -> tuple[int, float, str]:
    return (0, float(value), "") if is_number(value) else (1, 0.0, str(value))
