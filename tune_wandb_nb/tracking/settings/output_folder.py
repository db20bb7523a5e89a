import tempfile
from pathlib import Path

from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError

__all__ = ["check_writable"]


def check_writable(folder: str) -> None:
    """Refuse a folder in which no file can be created; a missing folder is created."""
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SettingsError(
            f"dir {show(folder)} cannot be written ({error.strerror}); give a folder that can, or"
            " leave it out for ./wandb."
        ) from None
