import os
from pathlib import Path

__all__ = ["free_name", "is_uri", "storage_folder", "storage_problem"]


def is_uri(storage: str) -> bool:
    return "://" in storage


def storage_folder(storage: str) -> str:
    """Return the absolute path."""
    return storage if is_uri(storage) else os.path.abspath(os.path.expanduser(storage))  # noqa: PTH100, PTH111


def storage_problem(storage: str | None, name: str | None) -> tuple[str, str] | None:
    """Return the wrong field and what is wrong with it."""
    if storage is None or is_uri(storage):
        return None
    folder = Path(storage_folder(storage))
    try:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not existing.is_dir():
            return "storage", f"must be a folder, but {str(existing)!r:.120} is a file."
        if not os.access(existing, os.W_OK | os.X_OK):
            return "storage", f"cannot be written: {str(existing)!r:.120} is not yours to write in."
        if name is not None and (folder / name).is_file():
            return "name", f"must be a folder, but {str(folder / name)!r:.120} is a file."
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return "storage", f"is no path that can be used ({reason:.80})."
    return None


def free_name(storage: str | None, name: str) -> str:
    """A name that is taken gets a number."""
    if storage is not None and is_uri(storage):
        return name
    folder = Path(
        storage_folder(storage or os.environ.get("RAY_AIR_LOCAL_CACHE_DIR", "~/ray_results"))
    )
    candidate, number = name, 1
    while (folder / candidate).exists():
        number += 1
        candidate = f"{name}_{number}"
    return candidate
