import sys
from typing import cast

__all__ = ["has_kernel", "running_shell"]


def running_shell() -> object:
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return cast("object", get_ipython())


def has_kernel(shell: object) -> bool:
    return getattr(shell, "kernel", None) is not None
