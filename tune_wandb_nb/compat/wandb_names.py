"""Names that W&B keeps for itself, and its data types by name: needs no wandb."""

from typing import Any

__all__ = [
    "RESERVED_METRICS",
    "STEP",
    "TIMESTAMP",
    "is_data_type",
    "move_file",
    "temporary_file",
]

STEP = "_step"
TIMESTAMP = "_timestamp"
"""The time of a row in seconds; wandb takes one that is logged for its own."""
RESERVED_METRICS = frozenset({STEP, TIMESTAMP, "_runtime", "_wandb"})
"""A metric of such a name would overwrite W&B's own bookkeeping."""


def is_data_type(kind: type) -> bool:
    return any(
        base.__name__ == "WBValue" and base.__module__.startswith("wandb.") for base in kind.__mro__
    )


def temporary_file(item: Any) -> str | None:
    """Return the temporary file that holds a W&B object's data.

    Where wandb keeps the file elsewhere, images that a trial's process has made may be gone before
    the driver logs them.
    """
    path = getattr(item, "_path", None)
    return path if getattr(item, "_is_tmp", False) and isinstance(path, str) else None


def move_file(item: Any, path: str) -> None:
    """Let a W&B object with a `temporary_file` read its data from another path."""
    item._path = path
