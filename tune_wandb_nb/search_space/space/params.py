import math
from collections.abc import Mapping
from typing import Any

__all__ = ["flat_params", "is_number"]

_TEXT_LONGEST = 200


def flat_params(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """What is no scalar becomes text; the ``wandb`` entry, which may hold a key, is left out."""
    flat: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if name in ("wandb", "logger_config/wandb"):
            continue
        if isinstance(value, Mapping):
            flat.update(flat_params(value, f"{name}/"))
        elif value is None or isinstance(value, bool | int):
            flat[name] = value
        elif isinstance(value, float):
            flat[name] = float(value)
        else:
            number = getattr(value, "item", None) if getattr(value, "ndim", 1) == 0 else None
            flat[name] = number() if callable(number) else _short(value)
    return flat


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _TEXT_LONGEST else text[: _TEXT_LONGEST - 1] + "…"


def is_number(value: object) -> bool:
    """Finite numbers, without booleans."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
