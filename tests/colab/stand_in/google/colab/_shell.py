"""Colab's shell: Jupyter's, under another name, which is what Ray looks at."""

from __future__ import annotations

from ipykernel.zmqshell import ZMQInteractiveShell


class Shell(ZMQInteractiveShell):
    """Nothing more."""
