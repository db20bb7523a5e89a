import os
from collections.abc import Mapping
from pathlib import Path

from tune_wandb_nb.compat.ray_trial import original_folder

__all__ = ["adopt_environment", "folder_for"]


def adopt_environment(environ: Mapping[str, str]) -> None:
    """Set the driver's W&B variables, except folders that this node sets itself."""
    for name, value in environ.items():
        if not name.endswith("_DIR") or name not in os.environ:
            os.environ[name] = value


def folder_for(requested: str | None, drivers_folder: str | None) -> str:
    """Return ``requested``, below the driver's folder, if it can be written on this node."""
    # Not the working directory: that is the trial's folder, which Tune may delete.
    base = drivers_folder or original_folder(os.environ) or "."
    path = Path(base, Path(requested or ".").expanduser())
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return str(path.absolute())
    except OSError:
        pass
    return str(Path.cwd())
