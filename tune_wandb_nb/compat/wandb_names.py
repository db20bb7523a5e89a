from typing import Any

__all__ = ["RESERVED_METRICS", "STEP", "TIMESTAMP", "is_data_type", "move_file", "temporary_file"]

STEP = "_step"
TIMESTAMP = "_timestamp"
"""In seconds; wandb takes one that is logged."""
RESERVED_METRICS = frozenset({STEP, TIMESTAMP, "_runtime", "_wandb"})


def is_data_type(kind: type) -> bool:
    return any(
        base.__name__ == "WBValue" and base.__module__.startswith("wandb.") for base in kind.__mro__
    )


def temporary_file(item: Any) -> str | None:
    """Without it, images of a trial may be gone before the driver logs them."""
    path = getattr(item, "_path", None)
    return path if getattr(item, "_is_tmp", False) and isinstance(path, str) else None


def move_file(item: Any, path: str) -> None:
    item._path = path
