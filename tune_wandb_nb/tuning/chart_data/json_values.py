import math
from typing import Any

__all__ = ["json_number", "json_value"]

_SAFE_INTEGER = 2**53


def json_value(value: Any) -> Any:
    """What JavaScript cannot hold becomes text."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return json_number(value)
    return str(value)


def json_number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) <= _SAFE_INTEGER else value
