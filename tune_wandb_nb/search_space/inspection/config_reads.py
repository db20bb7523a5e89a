import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, TypeAlias, TypeGuard

from tune_wandb_nb.search_space.inspection.source import (
    FunctionNode,
    Routine,
    class_routines,
    parameters_of,
    routine_of,
)

__all__ = ["Read", "reads_of"]

Path: TypeAlias = tuple[str, ...]

_READING = ("get", "pop", "setdefault")
_COPYING = ("dict", "copy", "deepcopy", "OrderedDict")
_MAX_DEPTH = 5  # of calls that pass the config on from one function to the next
_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Read:
    path: Path
    has_default: bool = False
    default: Any = None


def reads_of(routines: Iterable[Routine]) -> list[Read]:
    """Follows the config into functions of the same package."""
    shared = _Shared(attributes={"config": ()})
    for routine in routines:
        names: dict[str, Path] = {} if routine.config is None else {routine.config: ()}
        _Reader(shared, routine, names).visit_body(routine.node)
    return shared.reads


@dataclass(slots=True)
class _Shared:
    """``attributes`` of the instance hold parts of the config."""

    attributes: dict[str, Path]
    reads: list[Read] = field(default_factory=list)
    followed: set[Any] = field(default_factory=set)


class _Reader(ast.NodeVisitor):
    """``names`` maps a function's variables to paths in the config."""

    def __init__(
        self,
        shared: _Shared,
        routine: Routine,
        names: dict[str, Path],
        callers: tuple[str, ...] = (),
    ) -> None:
        self._shared = shared
        self._routine = routine
        self._names = names
        self._callers = (*callers, ast.dump(routine.node))
        self._functions: dict[str, FunctionNode] = {}

    def visit_body(self, node: FunctionNode) -> None:
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        for statement in body:
            self.visit(statement)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        # Such as config["lr"].
        path = self._path(node) if isinstance(node.ctx, ast.Load) else None
        if path:
            self._shared.reads.append(Read(path))
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        # Such as config.get("lr", 0.1), or a function that gets the config.
        path = self._path(node)
        if path and isinstance(node.func, ast.Attribute) and node.func.attr in _READING:
            self._record(path, node.args[1] if len(node.args) > 1 else None)
            for argument in node.args[1:]:
                self.visit(argument)
            return
        self._follow(node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        # Such as opt = config["optimizer"].
        self.visit(node.value)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._bind(node.target, node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._functions[node.name] = node
        self._inner(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inner(node)

    def _inner(self, node: FunctionNode) -> None:
        shadowed = set(parameters_of(node))
        names = {name: path for name, path in self._names.items() if name not in shadowed}
        reader = _Reader(self._shared, self._routine, names, self._callers)
        reader._functions = self._functions
        reader.visit_body(node)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        path = self._path(value)
        if path is not None and self._is_attribute(target):
            self._shared.attributes[target.attr] = path
        elif isinstance(target, ast.Name):
            mentioned = any(isinstance(n, ast.Name) and n.id == target.id for n in ast.walk(value))
            if path is not None:
                self._names[target.id] = path
            elif not mentioned:  # config = check(config) is still the config
                self._names.pop(target.id, None)

    def _is_attribute(self, node: ast.expr) -> TypeGuard[ast.Attribute]:
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == self._routine.instance
        )

    def _path(self, node: ast.expr | None) -> Path | None:
        """() is the config itself."""
        path = None
        match node:
            case ast.Name(id=name):
                path = self._names.get(name)
            case ast.Attribute(attr=name) if self._is_attribute(node):
                path = self._shared.attributes.get(name)
            case ast.Subscript(value=base, slice=key):
                path = self._deeper(base, key)
            case ast.Call(func=function, args=arguments):
                path = self._call_path(function, arguments)
            case ast.BoolOp(values=operands):
                path = self._first(*operands)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                path = self._first(left, right)
            case ast.Dict(keys=keys, values=values):
                path = self._first(*(v for k, v in zip(keys, values, strict=True) if k is None))
        return path

    def _call_path(self, function: ast.expr, arguments: list[ast.expr]) -> Path | None:
        match function:
            case ast.Attribute(value=base, attr=method) if method in _READING and arguments:
                return self._deeper(base, arguments[0])
            case ast.Attribute(value=base, attr="copy") if not arguments:
                return self._path(base)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _COPYING and arguments:
                return self._path(arguments[0])
        return None

    def _first(self, *nodes: ast.expr) -> Path | None:
        return next((path for path in map(self._path, nodes) if path is not None), None)

    def _deeper(self, base: ast.expr, key: ast.expr) -> Path | None:
        path, name = self._path(base), self._constant(key)
        return (*path, name) if path is not None and isinstance(name, str) else None

    def _constant(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self._routine.scope.get(node.id, _UNKNOWN)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, RecursionError, MemoryError):
            return _UNKNOWN

    def _follow(self, call: ast.Call) -> None:
        passed = (*call.args, *(keyword.value for keyword in call.keywords))
        if len(self._callers) > _MAX_DEPTH or self._first(*passed) is None:
            return
        routine = self._called(call.func)
        if routine is not None:
            self._enter(self._shared, routine, self._arguments(call, routine))
            return
        cls = self._routine.scope.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if inspect.isclass(cls) and self._routine.shares_package(cls):
            state = _Shared({}, self._shared.reads, self._shared.followed)
            for method in class_routines(cls):
                names = self._arguments(call, method) if method.name == "__init__" else {}
                self._enter(state, method, names)

    def _enter(self, state: _Shared, routine: Routine, names: dict[str, Path]) -> None:
        source = ast.dump(routine.node)
        key = (source, *names.items(), *state.attributes.items())
        if source not in self._callers and key not in state.followed:
            state.followed.add(key)
            _Reader(state, routine, names, self._callers).visit_body(routine.node)

    def _called(self, expression: ast.expr) -> Routine | None:
        routine, function = self._routine, None
        if isinstance(expression, ast.Name):
            if expression.id in self._functions:
                return replace(routine, node=self._functions[expression.id], instance=None)
            function = routine.scope.get(expression.id)
        elif isinstance(expression, ast.Attribute) and self._is_attribute(expression):
            function = routine.methods.get(expression.attr)
        if not isinstance(function, FunctionType) or not routine.shares_package(function):
            return None
        called = routine_of(function)
        if called is None or isinstance(expression, ast.Name):
            return called
        instance = next(iter(parameters_of(called.node)), None)
        return replace(called, instance=instance, methods=routine.methods)

    def _arguments(self, call: ast.Call, routine: Routine) -> dict[str, Path]:
        parameters = parameters_of(routine.node)[routine.instance is not None :]
        names: dict[str, Path] = {}
        for parameter, argument in zip(parameters, call.args, strict=False):
            if (path := self._path(argument)) is not None:
                names[parameter] = path
        passed = {*parameters[: len(call.args)], *(keyword.arg for keyword in call.keywords)}
        for keyword in call.keywords:
            path = self._path(keyword.value)
            if path is not None and keyword.arg is not None:
                names[keyword.arg] = path
            elif path is not None:
                for parameter, default in _defaults(routine.node).items():
                    if parameter not in passed and parameter != routine.instance:
                        names[parameter] = (*path, parameter)
                        self._record((*path, parameter), default)
        return names

    def _record(self, path: Path, default: ast.expr | None) -> None:
        value = _UNKNOWN if default is None else self._constant(default)
        has_default = value is not _UNKNOWN
        self._shared.reads.append(Read(path, has_default, value if has_default else None))


def _defaults(node: FunctionNode) -> dict[str, ast.expr | None]:
    arguments = node.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    by_position = zip(positional, [*missing, *arguments.defaults], strict=True)
    by_keyword = zip((a.arg for a in arguments.kwonlyargs), arguments.kw_defaults, strict=True)
    return {**dict(by_position), **dict(by_keyword)}
