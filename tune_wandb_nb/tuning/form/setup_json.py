import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tuning.form.setup import Setup
from tune_wandb_nb.tuning.form.setup_fields import DEFAULTS, is_key_like
from tune_wandb_nb.tuning.form.space_rows import Row

__all__ = ["setup_from_json", "setup_to_json"]

_VERSION = 1


def setup_to_json(setup: Setup) -> str:
    """Without texts that look like an API key; of `Kept` objects only a title."""
    rows = [
        {
            "name": _without_key(row.name),
            "kind": row.kind,
            "texts": {name: _without_key(text) for name, text in row.texts.items()},
            **({"title": row.kept.title} if row.kept is not None else {}),
        }
        for row in setup.rows
    ]
    fields = {name: _without_key(setup[name]) for name in DEFAULTS if setup[name] != DEFAULTS[name]}
    return json.dumps({"version": _VERSION, "fields": fields, "rows": rows}, indent=2)


def setup_from_json(text: str, kept: Mapping[str, Kept]) -> tuple[Setup, tuple[str, ...]]:
    """Return the setup, and the rows that ``kept`` lacks."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpaceError(f"a saved setup is JSON, but this is not: {error}.") from None
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        version = document.get("version") if isinstance(document, dict) else None
        raise SpaceError(
            f'a saved setup is {{"version": {_VERSION}, "fields": ..., "rows": ...}}, but the'
            f" version here is {show(version)}; save it anew with this version of tune_wandb_nb."
        )
    fields = _texts(document.get("fields"), "fields")
    unknown = [name for name in fields if name not in DEFAULTS]
    if unknown:
        raise SpaceError(f"a saved setup has no field {show(unknown[0])}; remove it.")
    rows, missing = [], []
    entries = document.get("rows")
    if not isinstance(entries, list):
        raise SpaceError(f'"rows" must be a list, but it is {show(entries)}.')
    for entry in entries:
        row = _row(entry, kept)
        if row is None:
            missing.append(str(entry["name"]))
        else:
            rows.append(row)
    return Setup(MappingProxyType(fields), tuple(rows)), tuple(missing)


def _row(entry: Any, kept: Mapping[str, Kept]) -> Row | None:
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(key), str) for key in ("name", "kind")
    ):
        raise SpaceError(
            f'each of "rows" must have the texts "name" and "kind", but one is {show(entry)}.'
        )
    name, kind = entry["name"], entry["kind"]
    if kind == Kept.kind:
        return Row(name, kind, kept=kept[name]) if name in kept else None
    if kind not in KINDS:
        raise SpaceError(f"a saved row has no kind {show(kind)}; it is one of {', '.join(KINDS)}.")
    return Row(name, kind, MappingProxyType(_texts(entry.get("texts"), "texts")))


def _texts(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise SpaceError(f'"{name}" must be an object of texts, but it is {show(value)}.')
    return dict(value)


def _without_key(text: str) -> str:
    return "" if is_key_like(text) else text
