"""The last setup of each training function, kept on this machine until the next one."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

__all__ = ["STATE_DIR", "recall", "remember", "setup_file"]

STATE_DIR = "TUNE_WANDB_NB_STATE_DIR"
"""The environment variable that names another folder for it; empty: nothing is kept."""

_NAMES = ("__module__", "__qualname__", "__name__")


def setup_file(trainable: Any) -> Path | None:
    """Return where the setup of a training function is kept: one place for each notebook folder.

    Example:
        >>> import os
        >>> os.environ["TUNE_WANDB_NB_STATE_DIR"] = "/tmp/state"
        >>> setup_file(None).parent.name
        'state'
        >>> del os.environ["TUNE_WANDB_NB_STATE_DIR"]
    """
    named = os.environ.get(STATE_DIR)
    if named == "":
        return None
    try:
        state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        folder = Path(named) if named else Path(state) / "tune-wandb-nb"
        what = [str(Path.cwd()), *(str(getattr(trainable, a, "")) for a in _NAMES)]
    except (OSError, RuntimeError):  # a folder that is gone, a home of nobody
        return None
    digest = hashlib.sha256("\n".join(what).encode("utf-8", "replace")).hexdigest()
    return folder / f"{digest[:20]}.json"


def remember(trainable: Any, text: str) -> None:
    """Keep a setup; what cannot be written is not kept: nobody asked for it."""
    path = setup_file(trainable)
    if path is None:
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)


def recall(trainable: Any) -> str | None:
    """Return the setup that was kept last, or None."""
    path = setup_file(trainable)
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
