"""The IPython shell of this process, in a notebook or a terminal."""

import sys
from typing import cast

__all__ = ["has_kernel", "running_shell"]


def running_shell() -> object:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return cast("object", get_ipython())


def has_kernel(shell: object) -> bool:
    """Whatever the name of the shell's class."""
    return getattr(shell, "kernel", None) is not None
