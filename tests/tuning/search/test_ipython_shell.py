"""The IPython shell of a process: none, a terminal's, a notebook's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import tune_wandb_nb
from tune_wandb_nb.tuning.search.ipython_shell import has_kernel, running_shell

SHELL = """
from IPython.core.interactiveshell import InteractiveShell
class ColabLikeShell(InteractiveShell):
    pass
shell = ColabLikeShell.instance()
"""
ASK = """
import sys
from tune_wandb_nb.tuning.search.ipython_shell import has_kernel, running_shell
found = running_shell()
print(type(found).__name__, has_kernel(found), "IPython" in sys.modules)
"""


def ask(before: str) -> list[str]:
    """Return what a fresh process with such a shell says."""
    checkout = Path(tune_wandb_nb.__file__).parents[1]
    command = [sys.executable, "-c", before + ASK]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=checkout)
    return done.stdout.split()


def test_a_script_has_no_shell_and_imports_no_ipython() -> None:
    assert ask("") == ["NoneType", "False", "False"]


def test_a_terminal_has_a_shell_without_a_kernel() -> None:
    assert ask(SHELL) == ["ColabLikeShell", "False", "True"]


def test_a_notebook_is_known_by_its_kernel_whatever_the_class_of_its_shell() -> None:
    assert ask(SHELL + "shell.kernel = object()\n") == ["ColabLikeShell", "True", "True"]


def test_in_tests_no_shell_runs() -> None:
    assert running_shell() is None
    assert not has_kernel(None)
    assert has_kernel(SimpleNamespace(kernel=object()))
