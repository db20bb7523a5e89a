"""The environment of a trial's process: the driver's W&B variables, and where files go."""

import os
from collections.abc import Mapping
from pathlib import Path

from tune_wandb_nb.compat.ray_trial import original_folder

__all__ = ["adopt_environment", "folder_for"]


def adopt_environment(environ: Mapping[str, str]) -> None:
    """Let wandb see the driver's variables; folders stay this node's own."""
    for name, value in environ.items():
        if not name.endswith("_DIR") or name not in os.environ:
            os.environ[name] = value


def folder_for(asked: str | None, drivers: str | None) -> str:
    """Return where W&B's files go: where the driver's would, if this node has that place."""
    # Tune has changed the directory to the trial's own, which is not kept.
    home = drivers or original_folder(os.environ) or "."
    path = Path(home, Path(asked or ".").expanduser())
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return str(path.absolute())
    except OSError:
        pass
    return str(Path.cwd())
