from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.compat.wandb import is_config_value

__all__ = ["storable_config"]

_DEEPEST = 20
"""Below this a value is text: it may hold itself."""


def storable_config(config: Mapping[Any, Any]) -> dict[str, Any]:
    """Make text of whatever W&B cannot store."""
    return {_text(key): _storable(value, 0) for key, value in config.items()}


def _storable(value: Any, depth: int) -> Any:
    if is_config_value(value):
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_text(key): _storable(inner, depth + 1) for key, inner in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_storable(inner, depth + 1) for inner in value]
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        # A lone surrogate cannot be sent.
        return value.encode("utf-8", "backslashreplace").decode()
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
