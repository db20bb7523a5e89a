"""Syntax trees of a trainable, also inside partials and decorators."""

import ast
import functools
import inspect
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import CellType, FunctionType, MethodType
from typing import Any, TypeAlias, Union

__all__ = ["FunctionNode", "Routine", "class_routines", "layers", "parameters_of", "routine_of"]

FunctionNode: TypeAlias = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]  # noqa: UP007

_CONFIG_METHODS = ("__init__", "setup", "_setup", "build", "reset_config")
"""Methods of ``tune.Trainable`` that get the config, in the order of their calls."""
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Routine:
    """``config`` is the parameter that gets the config, ``instance`` is "self" in a method."""

    node: FunctionNode
    module: str
    scope: Mapping[str, Any] = field(repr=False)
    config: str | None = None
    instance: str | None = None
    methods: Mapping[str, FunctionType] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return _name(self.node)

    def shares_package(self, function_or_class: Any) -> bool:
        return (function_or_class.__module__ or "").split(".")[0] == self.module.split(".")[0]


def layers(trainable: Any, _depth: int = 0) -> Iterator[tuple[Routine, ...]]:
    """Yield the routines of a trainable, then of what it wraps."""
    positional, named = 0, set[str]()
    while isinstance(trainable, functools.partial):
        positional += len(trainable.args)
        named |= set(trainable.keywords)
        trainable = trainable.func
    if inspect.isclass(trainable):
        yield class_routines(trainable)
        return
    if not isinstance(trainable, FunctionType | MethodType):
        call = getattr(type(trainable), "__call__", None)  # noqa: B004
        trainable = MethodType(call, trainable) if isinstance(call, FunctionType) else None
    function = _innermost(trainable)
    if function is None:
        return
    routine = routine_of(function)
    if routine is not None:
        positional += isinstance(trainable, MethodType)
        free = [p for p in parameters_of(routine.node)[positional:] if p not in named]
        yield (replace(routine, config=free[0] if free else None),)
    if _depth < _MAX_DEPTH:
        # Tune's wrappers, and decorators without functools.wraps, close over the function.
        for wrapped in filter(callable, _closure(function).values()):
            yield from layers(wrapped, _depth + 1)


def routine_of(function: FunctionType) -> Routine | None:
    node = _parse(function)
    if node is None:
        return None
    scope = {**function.__globals__, **_closure(function)}
    return Routine(node, function.__module__ or "", scope)


def class_routines(cls: type) -> tuple[Routine, ...]:
    """Methods with the config first; those of bases are among them, except Ray's."""
    # Each method is read alone: a class defined in a notebook has no source.
    functions = [
        (name, function)
        for base in cls.__mro__
        if base is not object and base.__module__.split(".")[0] != "ray"
        for name, value in vars(base).items()
        if isinstance(value, FunctionType | classmethod | staticmethod)
        and (function := _innermost(value)) is not None
    ]
    methods = dict(reversed(functions))
    order = {name: index for index, name in enumerate(_CONFIG_METHODS)}
    routines = []
    for name, function in sorted(functions, key=lambda item: order.get(item[0], len(order))):
        routine = routine_of(function)
        if routine is not None and (parameters := parameters_of(routine.node)):
            config = parameters[1] if name in order and len(parameters) > 1 else None
            routines.append(
                replace(routine, config=config, instance=parameters[0], methods=methods)
            )
    return tuple(routines)


def parameters_of(node: FunctionNode) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]


def _parse(function: FunctionType) -> FunctionNode | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except Exception:  # odd sources cause errors of many kinds
        return None
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount])
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            and _name(node) == code.co_name
            and parameters_of(node) == names
        ):
            return node
    return None


def _name(node: FunctionNode) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _innermost(function: Any) -> FunctionType | None:
    function = getattr(function, "__func__", function)
    try:
        function = inspect.unwrap(function)
    except ValueError:  # a decorator that wraps itself
        return None
    return function if isinstance(function, FunctionType) else None


def _closure(function: FunctionType) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    return {name: value for name, cell in cells for value in _contents(cell)}


def _contents(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # no value yet
        return ()
