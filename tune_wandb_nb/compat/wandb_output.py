"""Lines that wandb prints about calls that a person has not made."""

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["silent_wandb"]

_NOTEBOOK = "wandb.jupyter"
_PRINTED_BY = {"wandb.sdk.lib.wbauth.authenticate": "term", _NOTEBOOK: "wandb"}
"""Modules of wandb -> the name under which each has the object with the printing functions.

The first warns of a run that is given a key, the other one of a notebook whose name it cannot find.
Neither heeds a run's ``silent``.
"""
_PRINTING = frozenset({"termlog", "termwarn", "termerror"})
_SILENT: ContextVar[bool] = ContextVar("silent", default=False)
_LOCK = threading.Lock()


@contextmanager
def silent_wandb() -> Iterator[None]:
    """In this thread; a wandb that prints these lines elsewhere prints them."""
    for module, name in _PRINTED_BY.items():
        # Outside of notebooks IPython would be imported for nothing, in every trial.
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
    with _LOCK:
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
