"""Colab's kernel: Jupyter's with another shell."""

from __future__ import annotations

from google.colab._shell import Shell
from ipykernel.ipkernel import IPythonKernel
from traitlets import Type


class Kernel(IPythonKernel):
    """Nothing more."""

    shell_class = Type(Shell)
