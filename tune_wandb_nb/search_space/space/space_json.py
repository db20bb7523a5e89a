"""A search space as JSON and back without loss."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from tune_wandb_nb.search_space.distributions.base import Distribution, Kept
from tune_wandb_nb.search_space.distributions.registry import make
from tune_wandb_nb.search_space.distributions.values import SpaceError

__all__ = ["from_json", "to_json"]

_VERSION = 1


def to_json(parameters: Mapping[str, Distribution]) -> str:
    rows = [
        {"name": name, "kind": distribution.kind, **_arguments(distribution)}
        for name, distribution in parameters.items()
    ]
    return json.dumps({"version": _VERSION, "parameters": rows}, indent=2, allow_nan=False)


def from_json(text: str, kept: Mapping[str, Any]) -> dict[str, Distribution]:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SpaceError(
            f"the text is not JSON: {error}; take what to_json returned, unchanged."
        ) from None
    parameters: dict[str, Distribution] = {}
    for row in _rows(document):
        name = row["name"]
        if name in parameters:
            raise SpaceError(
                "names must differ, but this one stands there twice; remove one.",
                field="name",
                parameter=name,
            )
        try:
            parameters[name] = _read(row, kept)
        except SpaceError as error:
            raise error.of(name) from None
    return parameters


def _arguments(distribution: Distribution) -> dict[str, Any]:
    if isinstance(distribution, Kept):
        return {"title": distribution.title}
    return {
        field: [_encode(v) for v in value] if field == "values" else _encode(value)
        for field, value in distribution.arguments().items()
    }


def _rows(document: Any) -> list[dict[str, Any]]:
    version = document.get("version") if isinstance(document, dict) else None
    rows = document.get("parameters") if isinstance(document, dict) else None
    if version != _VERSION or not isinstance(rows, list):
        raise SpaceError(
            f'a saved search space is {{"version": {_VERSION}, "parameters": [...]}}, but the'
            f" version here is {version!r}; save it anew with this version of tune_wandb_nb."
        )
    for row in rows:
        if not isinstance(row, dict) or not all(
            isinstance(row.get(key), str) for key in ("name", "kind")
        ):
            raise SpaceError(
                'each of "parameters" must be an object with the texts "name" and "kind", but one'
                f" is {row!r:.80}."
            )
    return rows


def _read(row: Mapping[str, Any], kept: Mapping[str, Any]) -> Distribution:
    if row["kind"] == Kept.kind:
        if row["name"] not in kept:
            raise SpaceError(
                f"JSON cannot hold {row.get('title', 'an object')}; give the object itself:"
                f" from_json(text, kept={{{row['name']!r}: ...}})."
            )
        return Kept(kept[row["name"]])
    arguments = {k: _decode(v) for k, v in row.items() if k not in ("name", "kind")}
    return make(row["kind"], arguments)


def _encode(value: Any) -> Any:
    # JSON has no tuples; with a tag, dictionaries cannot be mistaken for them.
    if isinstance(value, tuple):
        return {"tuple": [_encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": {k: _encode(v) for k, v in value.items()}}
    return [_encode(item) for item in value] if isinstance(value, list) else value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"tuple": list(items), **rest} if not rest:
            return tuple(_decode(item) for item in items)
        case {"dict": dict(items), **rest} if not rest:
            return {k: _decode(v) for k, v in items.items()}
    raise SpaceError(
        'a value that is an object must be {"tuple": [...]} or {"dict": {...}}, but it is'
        f" {value!r:.80}."
    )


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")
