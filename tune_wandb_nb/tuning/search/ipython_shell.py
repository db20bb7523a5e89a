"""The IPython shell of this process: a notebook's, a terminal's, or none."""

import sys
from typing import cast

__all__ = ["has_kernel", "running_shell"]


def running_shell() -> object:
    """Return IPython's shell; None where IPython does not run.

    Example:
        >>> running_shell() is None
        True
    """
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return cast("object", get_ipython())


def has_kernel(shell: object) -> bool:
    """Tell a notebook's shell, whatever the name of its class, from a terminal's.

    Example:
        >>> has_kernel(running_shell())
        False
    """
    return getattr(shell, "kernel", None) is not None
