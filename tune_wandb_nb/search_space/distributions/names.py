"""Names of hyperparameters; "/" leads into a nested dictionary of the config."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tune_wandb_nb.search_space.distributions.values import SpaceError

__all__ = ["RESERVED", "check_name", "flatten", "is_key", "name_problems", "nest"]

RESERVED = ("wandb", "logger_config")
"""Entries of a config with W&B settings."""

_TUNE_COMMANDS = ("grid_search", "eval")
"""Tune takes a dictionary with one of them as its only key for a command."""


def is_key(key: object) -> bool:
    return (
        isinstance(key, str) and key == key.strip() != "" and "/" not in key and key.isprintable()
    )


def check_name(name: str) -> None:
    """Raises SpaceError."""
    if not name.strip():
        raise SpaceError("the name is empty; write one, such as lr.", field="name")
    if not name.isprintable():
        raise SpaceError(
            f"a name must not hold control or invisible characters, but it is {name!r}; type it"
            " anew.",
            field="name",
        )
    keys = name.split("/")
    if not all(map(is_key, keys)):
        raise SpaceError(
            f'"/" leads into a nested dictionary, so there must be a name on both sides of it and'
            f" no space around it, but the name is {name!r}; write one such as optimizer/lr.",
            field="name",
        )
    if keys[0] in RESERVED:
        raise SpaceError(
            f"{keys[0]!r} is kept for the W&B settings and cannot be a hyperparameter, but the"
            f" name is {name!r}; choose another.",
            field="name",
        )


def name_problems(names: Sequence[str]) -> dict[int, SpaceError]:
    """By the index of the name."""
    problems: dict[int, SpaceError] = {}
    for index, name in enumerate(names):
        problem = _own_problem(name) or _conflict(index, names) or _tune_command(name, names)
        if problem is not None:
            problems[index] = problem
    return problems


def nest(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat:
        *parents, last = name.split("/")
        inner = nested
        for key in parents:
            inner = inner.setdefault(key, {})
        inner[last] = value
    return nested


def flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _own_problem(name: str) -> SpaceError | None:
    try:
        check_name(name)
    except SpaceError as error:
        return error
    return None


def _conflict(index: int, names: Sequence[str]) -> SpaceError | None:
    name = names[index]
    for other, other_name in enumerate(names):
        if other == index:
            continue
        if other_name == name:
            return SpaceError(
                f"names must differ, but rows {min(index, other) + 1} and {max(index, other) + 1}"
                f" are both named {name!r}; rename or remove one.",
                field="name",
            )
        short, long = sorted((name, other_name), key=len)
        if long.startswith(short + "/"):
            return SpaceError(
                f"{short!r} cannot be a value and hold {long!r} at the same time; rename or remove"
                " one.",
                field="name",
            )
    return None


def _tune_command(name: str, names: Sequence[str]) -> SpaceError | None:
    keys = name.split("/")
    for depth, key in enumerate(keys):
        if key not in _TUNE_COMMANDS:
            continue
        parent = "/".join(keys[:depth])
        prefix = f"{parent}/" if parent else ""
        siblings = {n[len(prefix) :].split("/")[0] for n in names if n.startswith(prefix)}
        if siblings == {key}:
            return SpaceError(
                f"a dictionary whose only key is {key!r} is a command to Tune, but"
                f" {parent or 'the config'} would be one; choose another name than {name!r}.",
                field="name",
            )
    return None
