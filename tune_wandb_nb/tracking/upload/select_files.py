import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.wandb_folders import find_logs, is_offline, is_run_folder
from tune_wandb_nb.tracking.history.run_origin import read_origin
from tune_wandb_nb.tracking.history.wandb_file import group_of
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError

__all__ = ["files_to_upload"]


def files_to_upload(paths: Any, group: str | None = None) -> list[Path]:
    files = _files_of(paths)
    return files if group is None else [file for file in files if group_of(file) == group]


def _files_of(paths: Any) -> list[Path]:
    if paths is None:
        default = Path(os.environ.get("WANDB_DIR") or ".", "wandb")
        # This folder, which the user has not named, may be missing.
        return _unsynced_files(default) if default.is_dir() else []
    logger = paths if hasattr(paths, "audit") else getattr(paths, "logger", None)
    if hasattr(logger, "audit"):
        return _of_logger(logger)
    if isinstance(paths, str | os.PathLike):
        return _of_path(Path(paths).expanduser())
    if isinstance(paths, Iterable):
        return list(dict.fromkeys(file for path in paths for file in _files_of(path)))
    raise SettingsError(
        "sync_runs takes a folder, a .wandb file, a WandbLogger, an Experiment or a list of these,"
        f" but got {show(paths)}."
    )


def _of_path(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(f"there is no {path} to upload runs from")
    is_one_run = path.is_file() or is_run_folder(path)
    return find_logs(path) if is_one_run else _unsynced_files(path)


def _unsynced_files(folder: Path) -> list[Path]:
    return [file for file in find_logs(folder) if is_offline(file) or _was_killed(file)]


def _was_killed(file: Path) -> bool:
    # While it exists, the process of an online run uploads the rows itself.
    origin = read_origin(file.parent)
    return origin is not None and origin.is_abandoned


def _of_logger(logger: Any) -> list[Path]:
    table = logger.audit()
    is_open = table["state"].isin(["waiting", "running"])
    chosen = table[(table["mode"] == "offline") | is_open]["path"]
    # Before a run is open, the path is None, which pandas 3 turns into NaN.
    return [file for path in chosen if isinstance(path, str) for file in _of_path(Path(path))]
