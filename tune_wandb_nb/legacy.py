"""The extension for ``%load_ext tune_wandb_nb.legacy``: a notebook of Ray 1.x runs unmodified."""

from typing import Any

from tune_wandb_nb.tracking.legacy.enable import disable, enable

__all__ = ["disable", "enable", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """Enable the classic names: IPython calls this for ``%load_ext``."""
    del shell
    enable()


def unload_ipython_extension(shell: Any) -> None:
    """Disable them: IPython calls this for ``%unload_ext``."""
    del shell
    disable()
