"""The environment of a kernel that looks like Colab's."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["colab_environ"]

_CHECKOUT = Path(__file__).parents[2]
_CONFIG = """
import google.colab

get_config().IPKernelApp.kernel_class = "google.colab._kernel.Kernel"
"""


def colab_environ(home: Path, *, checkout: bool = True) -> dict[str, str]:
    """Return the environment; the kernel keeps its own files in a folder.

    Args:
        home: The folder.
        checkout: Whether the kernel imports this checkout; else what is installed.
    """
    profile = home / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(_CONFIG)
    path = [
        str(_CHECKOUT / "tests" / "colab" / "stand_in"),
        *([str(_CHECKOUT)] if checkout else []),
    ]
    return {**os.environ, "IPYTHONDIR": str(home), "PYTHONPATH": os.pathsep.join(path)}
