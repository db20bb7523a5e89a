"""Detects trainables whose trials write their W&B runs themselves, so that the logger does not."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from tune_wandb_nb.compat.ray import inherits_from, trainable_function

__all__ = ["may_write_own_runs", "writes_own_run"]

_MIXIN = "tune_wandb_nb.tracking.worker.trainable"
_SETUP = "setup_wandb"
_DEEPEST = 8


class _Nothing:
    """Stands for the mixin where it was never loaded: no class has this base."""


def may_write_own_runs() -> bool:
    """Return whether this process has loaded the mixin or `setup_wandb`."""
    return _MIXIN in sys.modules


def writes_own_run(trainable: type) -> bool:
    """Return whether the trials of a class that Tune has made write their own runs.

    They do if the class has the mixin, if the function in the class is decorated (which
    ``functools.partial`` hides from Tune), or if its code calls ``setup_wandb``.
    """
    mixin = sys.modules[_MIXIN].WandbTrainableMixin if may_write_own_runs() else _Nothing
    if issubclass(trainable, mixin):
        return True
    methods = (getattr(trainable, "setup", None), getattr(trainable, "step", None))
    called = (*methods, trainable_function(trainable))
    return any(_is_marked(method, mixin) for method in called if callable(method))


def _is_marked(function: Callable[..., Any], mixin: type) -> bool:
    seen: set[int] = set()
    waiting: list[tuple[Any, int]] = [(function, 0)]
    while waiting:
        found, depth = waiting.pop()
        if id(found) in seen or depth > _DEEPEST:
            continue
        seen.add(id(found))
        if inherits_from(found, mixin) or _names_setup(found):
            return True
        waiting += [(inner, depth + 1) for inner in _inside(found)]
    return False


def _inside(function: Any) -> Iterator[Any]:
    """Yield the functions inside a wrapper."""
    if isinstance(function, functools.partial):
        yield function.func
    if isinstance(function, FunctionType):
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:
                # The cell has no value yet.
                continue
            if isinstance(value, FunctionType | functools.partial):
                yield value
    if inspect.ismethod(function):
        yield function.__func__


def _names_setup(function: Any) -> bool:
    """Return whether a function's code uses the name ``setup_wandb``."""
    waiting = [getattr(function, "__code__", None)]
    module = str(getattr(function, "__module__", ""))
    if module.startswith(("ray.", "tune_wandb_nb.")):
        return False
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType):
            if _SETUP in code.co_names or _SETUP in code.co_freevars:
                return True
            waiting += code.co_consts
    return False
