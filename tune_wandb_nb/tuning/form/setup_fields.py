"""The fields of the form: names, labels, defaults, and functions that read them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.plan.parse import parse_number, split_names
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, at_least

__all__ = [
    "DEFAULTS",
    "LABELS",
    "READERS",
    "WANDB_TEXTS",
    "WANDB_TICKS",
    "FieldProblem",
    "is_key_like",
    "likely_mode",
    "parse_duration",
]

_KEY = re.compile(r"([\w-]*-)?[0-9a-f]{40}|wandb_v\d_\w{40,}")
_DURATION = re.compile(r"([\d._]+(?:e[+-]?\d+)?)\s*([a-z]*)", re.IGNORECASE)
_LOWER_IS_BETTER = re.compile(r"loss|err|mse|mae|rmse|nll|perplexity|cost|regret|time|latency")
_UNITS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_MAX_TAG_LENGTH = 64
_MAX_NAME_LENGTH = 128
_MAX_COUNT = 10**9


def is_key_like(text: str) -> bool:
    """The texts of all fields but the key's are stored and shown."""
    return any(_KEY.fullmatch(word) for word in re.split(r"[\s,;:=\"']+", text))


def parse_duration(text: str, field: str = "time_budget") -> float:
    """In seconds, from "90", "90 s", "10 min", "1.5 h"."""
    match = _DURATION.fullmatch(text.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise SpaceError(
            f"{field} must be a time such as 90 s, 10 min or 1.5 h, but it is"
            f" {text.strip()!r:.80}.",
            field=field,
        )
    seconds = parse_number(repr(parse_number(match[1], field) * unit), field)
    if seconds < 1:
        raise SpaceError(f"{field} must be at least 1 s, but it is {seconds:g} s.", field=field)
    return seconds


def likely_mode(metric: str) -> str:
    """Guess the mode: "min" for "val/loss", "max" for "accuracy"."""
    return "min" if _LOWER_IS_BETTER.search(metric.lower()) else "max"


def _optional(read: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    return lambda text, field: read(text, field) if text.strip() else None


def _text(text: str, field: str) -> str | None:
    text = text.strip()
    if not text.isprintable():
        raise SpaceError(
            f"{field} must not hold control or invisible characters, but it is {text!r:.80}; type"
            " it anew.",
            field=field,
        )
    return text or None


def _name(text: str, field: str) -> str | None:
    name = _text(text, field)
    if name is not None and len(name) > _MAX_NAME_LENGTH:
        raise SpaceError(
            f"{field} must have at most {_MAX_NAME_LENGTH} characters, but it has {len(name)}.",
            field=field,
        )
    return name


def _entity(text: str, field: str) -> str | None:
    entity = _name(text, field)
    if entity is not None and not re.fullmatch(r"[\w.-]+", entity):
        raise SpaceError(
            f"{field} must be the name of a user or a team (letters, digits, - _ .), but it is"
            f" {entity!r:.80}.",
            field=field,
        )
    return entity


def _tags(text: str, field: str) -> list[str] | None:
    tags = [tag for part in text.split(",") if (tag := _text(part, field))]
    for tag in tags:
        if len(tag) > _MAX_TAG_LENGTH:
            raise SpaceError(
                f"{field} must have at most {_MAX_TAG_LENGTH} characters each, but one has"
                f" {len(tag)}: {tag!r:.80}.",
                field=field,
            )
    return list(dict.fromkeys(tags)) or None


def _notes(text: str, field: str) -> str | None:
    # `_text` refuses line breaks.
    lines = [_text(line.replace("\t", " "), field) or "" for line in text.splitlines()]
    return "\n".join(lines).strip() or None


def _tick(text: str, _: str) -> bool | None:
    return bool(text) or None


def _metric(text: str, field: str) -> str | tuple[str, ...]:
    names = split_names(_text(text, field) or "")
    if not names:
        raise SpaceError(
            f"{field} is empty; write what the training function reports and what is best of it,"
            " such as accuracy.",
            field=field,
        )
    if len(set(names)) < len(names):
        raise SpaceError(
            f"{field} must name each metric once, but it is {text!r:.80}.", field=field
        )
    return names if len(names) > 1 else names[0]


def _mode(text: str, field: str) -> str | tuple[str, ...]:
    modes = tuple(mode.strip() for mode in text.split(","))
    for mode in modes:
        if mode not in ("min", "max"):
            raise SpaceError(
                f"{field} must be 'min' or 'max', but it is {mode!r:.80}.", field=field
            )
    return modes if len(modes) > 1 else modes[0]


def _folder_name(text: str, field: str) -> str | None:
    name = _name(text, field)
    if name is not None and (set(name) & set('/\\<>:"|?*') or name.strip(".") == ""):
        raise SpaceError(
            f'{field} names a folder, so it must not hold any of / \\ < > : " | ? *, but it is'
            f" {name!r:.80}.",
            field=field,
        )
    return name


def _count(text: str, field: str) -> int:
    number = at_least(1)(text, field)
    if number > _MAX_COUNT:
        raise SpaceError(f"{field} must be at most {_MAX_COUNT}, but it is {number}.", field=field)
    return number


def _amount(text: str, field: str) -> float:
    number = parse_number(text, field)
    if not 0 <= number <= _MAX_COUNT:
        raise SpaceError(
            f"{field} must be 0 or more, such as 1 or 0.5, but it is {number!r}.", field=field
        )
    if number > 1 and not number.is_integer():
        raise SpaceError(
            f"{field} must be a whole number or a part of one, but it is {number!r}.", field=field
        )
    return int(number) if number.is_integer() else number


_FIELDS: dict[str, tuple[str, str, Callable[[str, str], Any]]] = {
    # Label, default, and function that reads the text.
    "host": ("server", "", _text),
    "offline": ("work offline", "", lambda text, _: bool(text)),
    "entity": ("entity", "", _entity),
    "project": ("project", "", _text),
    "group": ("group", "", _name),
    "tags": ("tags", "", _tags),
    "notes": ("notes", "", _notes),
    "sweep": ("a sweep for the search", "", _tick),
    "view": ("a saved view of the search", "", _tick),
    "search_run": ("a run for the search", "", _tick),
    "metric": ("metric", "", _metric),
    "mode": ("best is", "max", _mode),
    "samples": ("samples", "10", _count),
    "scheduler": ("scheduler", "none", _text),
    "algorithm": ("search algorithm", "random", _text),
    "concurrency": ("trials at once", "", _optional(_count)),
    "cpus": ("CPUs per trial", "", _optional(_amount)),
    "gpus": ("GPUs per trial", "", _optional(_amount)),
    "time_budget": ("time budget", "", _optional(parse_duration)),
    "iterations": ("iterations per trial", "", _optional(_count)),
    "target": ("stop a trial at", "", _optional(parse_number)),
    "name": ("name", "", _folder_name),
    "storage": ("storage", "", _text),
    "reuse_workers": ("reuse worker processes", "", lambda text, _: bool(text)),
}
_SETTINGS = {
    strategy.field_of(setting): setting
    for strategy in (*SCHEDULERS.values(), *ALGORITHMS.values())
    for setting in strategy.settings
}

WANDB_TEXTS = ("project", "entity", "group", "tags", "notes", "host")
WANDB_TICKS = ("sweep", "view", "search_run")

LABELS: Mapping[str, str] = MappingProxyType(
    {name: label for name, (label, _, _) in _FIELDS.items()}
    | {name: setting.label for name, setting in _SETTINGS.items()}
)

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {name: default for name, (_, default, _) in _FIELDS.items()}
    | {name: setting.default for name, setting in _SETTINGS.items()}
)
"""The text of a checkbox is "yes" or empty."""

READERS: Mapping[str, Callable[[str, str], Any]] = MappingProxyType(
    {name: read for name, (_, _, read) in _FIELDS.items()}
)
"""They raise SpaceError only."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """``row`` is the number of the row in the table, counted from 0."""

    field: str
    message: str
    row: int | None = None

    def __str__(self) -> str:
        if self.row is not None:
            return f"search space, row {self.row + 1}: {self.message}"
        return f"{LABELS.get(self.field, self.field)}: {self.message}"
