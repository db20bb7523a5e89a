import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["silent_wandb"]

_NOTEBOOK = "wandb.jupyter"
_PRINTED_BY = {"wandb.sdk.lib.wbauth.authenticate": "term", _NOTEBOOK: "wandb"}
"""Modules of wandb -> where each has the printing functions.

The first warns of a key that is passed, the other of a notebook without a name; both ignore
``silent``.
"""
_PRINTING = frozenset({"termlog", "termwarn", "termerror"})
_SILENT: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def silent_wandb() -> Iterator[None]:
    """In this thread."""
    for module, name in _PRINTED_BY.items():
        # In every trial IPython would be imported for nothing.
        if module != _NOTEBOOK or "IPython" in sys.modules:
            _silence(module, name)
    token = _SILENT.set(True)
    try:
        yield
    finally:
        _SILENT.reset(token)


def _silence(module_name: str, name: str) -> None:
    try:
        module = importlib.import_module(module_name)
    except ImportError:
        return
    printing = getattr(module, name, None)
    if printing is not None and not isinstance(printing, _Silenced):
        setattr(module, name, _Silenced(printing))


class _Silenced:
    def __init__(self, printing: Any) -> None:
        self._printing = printing

    def __getattr__(self, name: str) -> Any:
        if name in _PRINTING and _SILENT.get():
            return lambda *_, **__: None
        return getattr(self._printing, name)
