import ast
from collections.abc import Iterable, Iterator
from types import FunctionType

from tune_wandb_nb.search_space.inspection.source import FunctionNode, Routine, routine_of

__all__ = ["reports_of"]

_REPORTING = ("tune", "train", "session")
_NO_METRICS = ("checkpoint", "metrics", "checkpoint_dir_name")
_TUNE_FLAGS = ("done", "should_checkpoint")
_STEPS = ("step", "_train")
_MAX_DEPTH = 3


def reports_of(routines: Iterable[Routine]) -> tuple[str, ...]:
    routines = tuple(routines)
    metrics: list[str] = []
    for routine in _with_called(routines):
        keys = _Keys(routine.node)
        for node in ast.walk(routine.node):
            if isinstance(node, ast.Call):
                metrics += keys.reported(node)
    for routine in routines:
        if routine.instance is None or routine.name in _STEPS:
            keys = _Keys(routine.node)
            for value in _returned(routine.node):
                metrics += keys.of(value)
    return tuple(name for name in dict.fromkeys(metrics) if name not in _TUNE_FLAGS)


class _Keys:
    def __init__(self, function: FunctionNode) -> None:
        self._variables: dict[str, list[str]] = {}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._add(name, self.of(value))
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    self._add(name, self.of(value))
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key))]
                ) if isinstance(key, str):
                    self._add(name, [key])
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="update"), args=args
                ):
                    for argument in args:
                        self._add(name, self.of(argument))

    def of(self, node: ast.expr | None) -> Iterator[str]:
        match node:
            case ast.Name(id=name):
                yield from self._variables.get(name, ())
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                yield from self.of(left)
                yield from self.of(right)
            case ast.Call(func=ast.Name(id="dict"), args=args, keywords=keywords):
                for argument in args:
                    yield from self.of(argument)
                yield from (keyword.arg for keyword in keywords if keyword.arg)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if key is None:
                        yield from self.of(value)
                    elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                        inner = list(self.of(value)) if isinstance(value, ast.Dict) else []
                        yield from [f"{key.value}/{name}" for name in inner] or [key.value]

    def reported(self, call: ast.Call) -> Iterator[str]:
        match call.func:
            case ast.Name(id="report"):
                to_tune = True
            case ast.Attribute(
                value=ast.Name(id=module) | ast.Attribute(attr=module), attr="report"
            ):
                to_tune = module in _REPORTING
            case _:
                return
        for argument in call.args[:1]:
            yield from self.of(argument)
        for keyword in call.keywords:
            if keyword.arg == "metrics":
                yield from self.of(keyword.value)
            elif to_tune and keyword.arg and keyword.arg not in _NO_METRICS:
                yield keyword.arg

    def _add(self, name: str, keys: Iterable[str]) -> None:
        self._variables.setdefault(name, []).extend(keys)


def _returned(function: FunctionNode) -> Iterator[ast.expr | None]:
    """Without those of inner functions."""
    if isinstance(function, ast.Lambda):
        yield function.body
        return
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Return | ast.Yield):
            yield node.value
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))


def _with_called(routines: Iterable[Routine], depth: int = 0) -> Iterator[Routine]:
    for routine in routines:
        yield routine
        if depth == _MAX_DEPTH:
            continue
        called = (
            routine_of(function)
            for node in ast.walk(routine.node)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and isinstance(function := routine.scope.get(node.func.id), FunctionType)
            and routine.shares_package(function)
        )
        yield from _with_called(filter(None, called), depth + 1)
