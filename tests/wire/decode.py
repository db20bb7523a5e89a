"""W&B's encodings of configs and metric definitions, undone. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAME, _GLOB, _STEP, _STEP_INDEX = "1", "2", "4", "5"
"""Field numbers of `MetricRecord`, which are the keys of config["_wandb"]["value"]["m"]."""


def unwrap_config(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Take {"lr": {"value": 0.1}} to {"lr": 0.1}, without W&B's own entry."""
    return {key: entry["value"] for key, entry in raw.items() if key != "_wandb"}


def decode_metrics(raw: Mapping[str, Any]) -> dict[str, str | None]:
    """Read the metric definitions of a raw config: name or glob -> step metric.

    A definition names its step metric, or points at it by a 1-based index into the list.
    """
    entries = raw.get("_wandb", {}).get("value", {}).get("m") or []
    steps: dict[str, str | None] = {}
    for entry in entries:
        step = entry.get(_STEP)
        if step is None and (index := entry.get(_STEP_INDEX)):
            step = entries[index - 1].get(_NAME)
        steps[entry.get(_NAME) or entry[_GLOB]] = step
    return steps


def merge(target: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a value in nested dicts as wandb-core does: a dict is merged into a dict."""
    for key in path[:-1]:
        child = target.get(key)
        if not isinstance(child, dict):
            child = target[key] = {}
        target = child
    last = path[-1]
    if isinstance(value, dict) and isinstance(target.get(last), dict):
        for key, inner in value.items():
            merge(target[last], [key], inner)
    else:
        target[last] = value


def remove(target: dict[str, Any], path: list[str]) -> None:
    """Delete a value in nested dicts; what is not there is no error."""
    for key in path[:-1]:
        child = target.get(key)
        if not isinstance(child, dict):
            return
        target = child
    target.pop(path[-1], None)
