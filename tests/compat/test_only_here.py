"""Private names of Ray and wandb are used in `tune_wandb_nb.compat`, and nowhere else."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import tune_wandb_nb

PACKAGE = Path(tune_wandb_nb.__file__).parent
SOURCES = sorted(
    source for source in PACKAGE.rglob("*.py") if source.relative_to(PACKAGE).parts[0] != "compat"
)

PRIVATE_MODULE = re.compile(
    r"wandb\.(sdk|proto|errors|env|util|apis|old|filesync|cli|_\w+)(\.\w+)*"
    r"|ray\.(\w+\.)*_\w+(\.\w+)*"
    r"|ray\.tune\.(registry|tune|progress_reporter|experimental)(\.\w+)*"
)
PRIVATE_SETTING = re.compile(r"x_[a-z]\w*")
MARK = re.compile(r"__(duplicate|trial_info|stdout_file|stderr_file|mixins)__")
QUERY = re.compile(r"\s*(query|mutation)\s+\w+\s*[({]")
METRIC = re.compile(r"_(step|timestamp|runtime|wandb)")
VARIABLE = re.compile(r"WANDB_SERVICE|RAY_kill_\w+|TUNE_ORIG_WORKING_DIR")
FILE = re.compile(r"\.wandb\.synced|.*run-\*.*\.wandb|offline-(run-.*)?|experiment_state-.*")
LITERALS = {
    PRIVATE_MODULE: "names a private module",
    PRIVATE_SETTING: "names a private setting of wandb",
    MARK: "names a mark of Tune's",
    QUERY: "is a GraphQL query",
    METRIC: "names one of W&B's own metrics",
    VARIABLE: "names an undocumented variable",
    FILE: "names a private file",
}
"""Whole literals that may stand in compat only; prose in docstrings may mention them."""
BY_NAME = ("getattr", "setattr", "hasattr", "delattr")
OWN_TO_PYTHON = re.compile(r"__\w+__")


def problems_in(source: str) -> Iterator[str]:
    """Yield what of a module's source may stand in compat only."""
    tree = ast.parse(source)
    own, docstrings = _own_names(tree), _docstrings(tree)
    for node in ast.walk(tree):
        found = [*_imports(node), *_accesses(node, own), *_settings(node)]
        if id(node) not in docstrings:
            found += _literals(node)
        yield from (f"line {getattr(node, 'lineno', 0)}: {problem}" for problem in found)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and "SLF001" in token.string:
            yield f"line {token.start[0]}: {token.string}"


def _own_names(tree: ast.AST) -> set[str]:
    """Return the names that the module defines, or uses of its own objects."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "cls"):
            names.add(node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def _docstrings(tree: ast.AST) -> set[int]:
    """Return the ids of the texts that are statements: docstrings, also those of attributes."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        return
    for name in names:
        if PRIVATE_MODULE.fullmatch(name):
            yield f"imports {name}"


def _accesses(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Yield private attributes that are neither Python's nor the module's own."""
    name = _named(node)
    is_module = isinstance(node, ast.Attribute) and PRIVATE_MODULE.fullmatch(ast.unparse(node))
    if is_module or (_is_private(name) and name not in own):
        yield f"uses {ast.unparse(node)}"


def _named(node: ast.AST) -> str:
    """Return the attribute that is accessed, also by `getattr` and the like; empty if none is."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call) and ast.unparse(node.func) in BY_NAME and len(node.args) > 1:
        named = node.args[1]
        return str(named.value) if isinstance(named, ast.Constant) else ""
    return ""


def _literals(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for pattern, problem in LITERALS.items():
            if (pattern.match if pattern is QUERY else pattern.fullmatch)(node.value):
                yield f"{node.value!r} {problem}"


def _settings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Settings"):
        for keyword in node.keywords:
            if keyword.arg is not None and PRIVATE_SETTING.fullmatch(keyword.arg):
                yield f"sets {keyword.arg}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not OWN_TO_PYTHON.fullmatch(name)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_uses_no_private_name_of_ray_or_wandb(source: Path) -> None:
    assert list(problems_in(source.read_text())) == []


def test_there_are_modules_to_look_into() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize(
    ("planted", "problem"),
    [
        ("import wandb.sdk", "imports wandb.sdk"),
        ("from wandb.sdk import wandb_setup", "imports wandb.sdk"),
        ("from wandb.proto.wandb_internal_pb2 import Record", "imports wandb.proto"),
        ("from wandb import errors", "imports wandb.errors"),
        ("def f():\n    import ray._private.worker", "imports ray._private.worker"),
        ("from ray.train._internal.session import get_session", "imports ray.train._internal"),
        ("from ray.train.v2._internal.execution import context", "imports ray.train.v2._internal"),
        ("from ray.tune.registry import TRAINABLE_CLASS", "imports ray.tune.registry"),
        ("ray._private.worker._post_init_hooks.append(f)", "uses ray._private"),
        ("tuner._local_tuner.get_run_config()", "uses tuner._local_tuner"),
        ("wandb.sdk.wandb_setup.singleton()", "uses wandb.sdk"),
        ("image._path = kept", "uses image._path"),
        ("getattr(item, '_is_tmp', False)", "uses getattr(item, '_is_tmp', False)"),
        ("setattr(loop, '_setup_signal_catching', f)", "uses setattr"),
        ("hasattr(publisher, '_orig_publish')", "uses hasattr"),
        ("sys.modules.get('ray.train._internal.session')", "'ray.train._internal.session'"),
        ("import_module('wandb.sdk.wandb_init')", "'wandb.sdk.wandb_init'"),
        ("logging.getLogger('ray._private.worker')", "'ray._private.worker'"),
        ("wandb.Settings(x_disable_stats=True)", "sets x_disable_stats"),
        ("settings = {'x_save_requirements': False}", "'x_save_requirements' names a private"),
        ("config.get('__trial_info__')", "'__trial_info__' names a mark"),
        ("getattr(function, '__mixins__', ())", "'__mixins__' names a mark"),
        ("row['_step']", "'_step' names one of"),
        ("os.environ['WANDB_SERVICE']", "'WANDB_SERVICE' names an undocumented"),
        ("path.rglob('run-*.wandb')", "names a private file"),
        ("path.with_suffix('.wandb.synced')", "names a private file"),
        ("folder.glob('experiment_state-*.json')", "names a private file"),
        ("Q = 'query Viewer { viewer { id } }'", "is a GraphQL query"),
        ("Q = 'mutation Upsert($id: ID) { upsert(id: $id) { id } }'", "is a GraphQL query"),
        ("trial._x = 1  # noqa: SLF001 - there is no other way", "noqa: SLF001"),
    ],
)
def test_a_planted_private_name_is_found(planted: str, problem: str) -> None:
    found = list(problems_in(planted))
    assert any(problem in each for each in found), found


@pytest.mark.parametrize(
    "source",
    [
        "import wandb\nwandb.init(settings=wandb.Settings(silent=True))",
        "from ray.tune.experiment import Trial",
        "from ray import tune\ntune.Tuner(f)",
        '"""Reads what ``wandb.sdk`` keeps, through ``ray._private``."""',
        "class A:\n    def same(self, o):\n        return self._x == o._x",
        "class A:\n    _x: int = 0\n    def __eq__(self, o):\n        return self._x == o._x",
        "function.__wrapped__.__name__",
        "getattr(found, '__func__', None)",
        "os.environ.get('WANDB_API_KEY')",
        "label = 'x_axis of a chart'",
        "text = 'the query Viewer asks for an entity'",
    ],
)
def test_what_is_public_or_the_modules_own_is_left_alone(source: str) -> None:
    assert list(problems_in(source)) == []
