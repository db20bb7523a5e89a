"""Where wandb records runs: ``dir/wandb/[offline-]run-<time>-<id>/run-<id>.wandb``.

wandb marks a file that it has uploaded with one beside it.
"""

import glob
import re
from pathlib import Path

__all__ = [
    "copy_folder",
    "find_logs",
    "is_offline",
    "is_run_folder",
    "is_synced",
    "mark_synced",
    "offline_logs",
    "recorded_id",
    "start_of",
    "unmark",
]

_LOGS = "run-*.wandb"
_OFFLINE = "offline-"
_TIME = re.compile(r"\d{8}_\d{6}")
_SYNCED = ".wandb.synced"


def find_logs(path: Path) -> list[Path]:
    """Sorted by the time in their folder's name, without doubles by links."""
    if path.is_file():
        return [path.resolve()]
    found = {file.resolve() for file in path.rglob(_LOGS)}
    return sorted(found, key=lambda file: (_TIME.findall(file.parent.name), str(file)))


def offline_logs(folder: Path, run_id: str) -> list[Path]:
    name = glob.escape(run_id)
    # The second folder of a run that is opened twice in one second ends in "-1".
    patterns = (f"wandb/{_OFFLINE}run-*-{name}{end}/run-{name}.wandb" for end in ("", "-[0-9]*"))
    found = (file for pattern in patterns for file in folder.glob(pattern))
    return sorted(file.resolve() for file in found)


def is_run_folder(folder: Path) -> bool:
    return any(folder.glob(_LOGS))


def is_offline(log: Path) -> bool:
    return log.parent.name.startswith(_OFFLINE)


def start_of(log: Path) -> str:
    return log.parent.name.removeprefix(_OFFLINE)


def recorded_id(log: Path) -> str:
    return log.stem.removeprefix("run-")


def is_synced(log: Path) -> bool:
    """Whether the mark is no older than the file."""
    try:
        return log.with_suffix(_SYNCED).stat().st_mtime >= log.stat().st_mtime
    except FileNotFoundError:
        return False


def mark_synced(log: Path) -> None:
    log.with_suffix(_SYNCED).touch()


def unmark(log: Path) -> None:
    log.with_suffix(_SYNCED).unlink(missing_ok=True)


def copy_folder(log: Path, into: Path) -> Path:
    """Return where a copy of the file may go: wandb reads "offline" from the folder's name."""
    folder = into / log.parent.name
    folder.mkdir()
    files = log.parent / "files"
    if files.is_dir():
        (folder / files.name).symlink_to(files.resolve(), target_is_directory=True)
    return folder / log.name
