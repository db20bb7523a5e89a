"""Whether a search can write where it is told to; nothing is written to find out."""

import os
from pathlib import Path

__all__ = ["free_name", "is_uri", "storage_folder", "storage_problem"]


def is_uri(storage: str) -> bool:
    """Tell whether a storage path is an address such as ``s3://bucket/path``."""
    return "://" in storage


def storage_folder(storage: str) -> str:
    """Return what Tune takes: an absolute path, or an address as it is.

    Example:
        >>> storage_folder("s3://bucket/path")
        's3://bucket/path'
    """
    return storage if is_uri(storage) else os.path.abspath(os.path.expanduser(storage))  # noqa: PTH100, PTH111


def storage_problem(storage: str | None, name: str | None) -> tuple[str, str] | None:
    """Return the field that is wrong and why a search cannot write there, or None."""
    if storage is None or is_uri(storage):
        return None
    folder = Path(storage_folder(storage))
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            return "storage", f"must be a folder, but {str(there)!r:.120} is a file."
        if not os.access(there, os.W_OK | os.X_OK):
            return "storage", f"cannot be written: {str(there)!r:.120} is not yours to write in."
        if name is not None and (folder / name).is_file():
            return "name", f"must be a folder, but {str(folder / name)!r:.120} is a file."
    except (OSError, ValueError) as error:
        # A name that is too long, a loop of links, a null byte.
        reason = getattr(error, "strerror", None) or str(error)
        return "storage", f"is no path that can be used ({reason:.80})."
    return None


def free_name(storage: str | None, name: str) -> str:
    """Return the name, with a number behind it where a search of that name is there already."""
    if storage is not None and is_uri(storage):
        return name
    folder = Path(
        storage_folder(storage or os.environ.get("RAY_AIR_LOCAL_CACHE_DIR", "~/ray_results"))
    )
    taken, number = name, 1
    while (folder / taken).exists():
        number += 1
        taken = f"{name}_{number}"
    return taken
