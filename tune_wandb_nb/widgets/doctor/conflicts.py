import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tune_wandb_nb.compat.ray import SOCKET_IN_TEMP_FOLDER

__all__ = ["Conflict", "Folder", "Machine", "find_conflicts", "is_older"]

_MIN_FREE = 2**30
_OWN_MANAGER = ("colab", "vscode")
"""Frontends with widget managers of their own, for ipywidgets 7 as well as 8."""
_FULL_FOR_RAY = 0.95
"""Ray puts no objects on a fuller disk."""
_LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
"""In bytes."""


@dataclass(frozen=True, slots=True)
class Conflict:
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Folder:
    name: str
    path: str
    free: int = _MIN_FREE
    """Bytes, as `total`."""
    total: int = _MIN_FREE
    writable: bool = True
    holds_sockets: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    versions: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)
    """Module that cannot be imported -> the error."""
    shadowed: Mapping[str, str] = field(default_factory=dict)
    """Module -> the path that is imported instead."""
    environ: Mapping[str, str] = field(default_factory=dict)
    frontend: str = "plain"
    server_lacks: tuple[str, ...] = ()
    """Packages whose widget scripts this kernel's Jupyter server lacks."""
    core: str | None = None
    """The problem with wandb's own program."""
    service_is_gone: bool = False
    uncompiled: str | None = None
    """The folder of installed packages that every process compiles."""
    folders: tuple[Folder, ...] = ()


def find_conflicts(machine: Machine) -> tuple[Conflict, ...]:
    return tuple(conflict for rule in _RULES for conflict in rule(machine))


def is_older(version: str, than: str) -> bool:
    """Compare the leading numbers."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    leading = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in leading[0].split(".")] if leading else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _requirements(machine: Machine) -> Iterator[Conflict]:
    for text in machine.requirements:
        parts = re.match(r"([\w.-]+)(\[\w+\])?.*?>=\s*([\d.]+)", text)
        # What has a semicolon is for an extra or another platform.
        if parts is None or ";" in text:
            continue
        name, least = parts[1], parts[3]
        version = machine.versions.get(name)
        install = f'pip install "{name}{parts[2] or ""}>={least}", then restart the kernel.'
        if version is None:
            yield Conflict(f"{name} is not installed.", install)
        elif is_older(version, least):
            yield Conflict(
                f"{name} {version} is too old: {least} is the oldest that will do.", install
            )


def _protobuf(machine: Machine) -> Iterator[Conflict]:
    wandb, protobuf = machine.versions.get("wandb"), machine.versions.get("protobuf")
    if wandb and protobuf and is_older(wandb, "0.23") and not is_older(protobuf, "7"):
        yield Conflict(
            f"wandb {wandb} cannot be imported with protobuf {protobuf}.",
            "pip install --upgrade wandb, then restart the kernel.",
        )


def _broken(machine: Machine) -> Iterator[Conflict]:
    explained = set(machine.shadowed)
    if any(_protobuf(machine)):
        explained.add("wandb")
    if "ray" in machine.broken or "ray" in machine.shadowed:
        explained.add("ray.tune")
    for name, error in machine.broken.items():
        if name in explained:
            continue
        package = '"ray[tune]"' if name == "ray.tune" else name
        yield Conflict(
            f"{name} cannot be imported: {error}",
            f"pip install --upgrade --force-reinstall {package}, then restart the kernel.",
        )


def _shadowed(machine: Machine) -> Iterator[Conflict]:
    for name, path in machine.shadowed.items():
        yield Conflict(
            f"import {name} finds {path}, which is not the package of that name.",
            "rename it or start from another folder, then restart the kernel.",
        )


def _widgets(machine: Machine) -> Iterator[Conflict]:
    widgets = machine.versions.get("ipywidgets")
    if widgets is None or not is_older(widgets, "8") or machine.frontend in _OWN_MANAGER:
        return
    for frontend, since in (("jupyterlab", "4"), ("notebook", "7")):
        version = machine.versions.get(frontend)
        if version is not None and not is_older(version, since):
            yield Conflict(
                f"{frontend} {version} shows no widgets of ipywidgets {widgets}.",
                'pip install "ipywidgets>=8", then restart Jupyter and reload the page.',
            )


def _server(machine: Machine) -> Iterator[Conflict]:
    if machine.server_lacks and machine.frontend not in _OWN_MANAGER:
        yield Conflict(
            "Jupyter runs in another environment than this kernel, and has no"
            f" {' and no '.join(machine.server_lacks)} there: widgets stay blank.",
            "install ipywidgets and anywidget where Jupyter is, too; restart it, reload the page.",
        )


def _core(machine: Machine) -> Iterator[Conflict]:
    if machine.core is not None:
        yield Conflict(
            f"{machine.core}: wandb cannot record anything.",
            "pip install --force-reinstall --no-deps wandb; where pip builds it from source there"
            " is no wandb-core for this platform.",
        )
    if machine.service_is_gone:
        yield Conflict(
            "WANDB_SERVICE names a wandb-core that does not answer: wandb.init fails.",
            "restart the kernel from a shell in which WANDB_SERVICE is not set.",
        )


def _wandb_variables(machine: Machine) -> Iterator[Conflict]:
    if machine.environ.get("WANDB_MODE") == "disabled":
        yield Conflict(
            "WANDB_MODE=disabled: nothing is recorded, not even offline.",
            'unset it, or pass mode="offline" to WandbLogger.',
        )
    if machine.environ.get("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS") == "1":
        yield Conflict(
            "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS=1: Tune writes no result.json, from which"
            " upload_experiment makes good what W&B lost.",
            "unset it.",
        )


def _removed_variables(machine: Machine) -> Iterator[Conflict]:
    for name in ("RAY_AIR_LOCAL_CACHE_DIR", "TUNE_RESULT_DIR"):
        if machine.environ.get(name):
            yield Conflict(
                f"{name} is set: Tune starts no search.",
                "unset it; tune.RunConfig(storage_path=...) says where results go.",
            )


def _slow_imports(machine: Machine) -> Iterator[Conflict]:
    # It compiles a grammar when it is imported: `import ray` takes 2 s, not 0.6 s.
    if {"ray", "rfc3987-syntax"} <= set(machine.versions):
        yield Conflict(
            "rfc3987-syntax takes more than half of the time in which a process of Ray, and so a"
            " trial, starts.",
            "pip uninstall rfc3987-syntax: jsonschema, for which Jupyter brought it along, does"
            " without.",
        )
    # Without bytecode, `import ray.tune` takes 4.5 s instead of 1.4 s.
    if machine.uncompiled is not None:
        yield Conflict(
            "PYTHONDONTWRITEBYTECODE is set, and the installed packages are not compiled: every"
            " process of Ray, and so every trial, compiles them again and starts seconds later.",
            f"python -m compileall -q {machine.uncompiled}, once.",
        )


def _disks(machine: Machine) -> Iterator[Conflict]:
    for folder in machine.folders:
        name, path = folder.name, folder.path
        if not folder.writable:
            yield Conflict(f"{name} {path} cannot be written.", "use another folder.")
        elif folder.free < _MIN_FREE:
            yield Conflict(
                f"less than 1 GiB is free where {name} is ({path}).",
                "make room, or use another disk.",
            )
        elif folder.holds_sockets and folder.free < (1 - _FULL_FOR_RAY) * folder.total:
            yield Conflict(
                f"the disk of {name} ({path}) is over 95 % full: Ray moves no objects there.",
                "make room, or set RAY_TMPDIR to a folder on another disk before Ray starts.",
            )
        longest = len((path + SOCKET_IN_TEMP_FOLDER).encode())
        if folder.holds_sockets and longest > _LONGEST_SOCKET_PATH:
            yield Conflict(
                f"the path of {name} ({path}) is too long for Ray's sockets.",
                "set RAY_TMPDIR to a short one, such as /tmp, before Ray starts.",
            )


_RULES: Iterable[Callable[[Machine], Iterator[Conflict]]] = (
    _requirements,
    _protobuf,
    _shadowed,
    _broken,
    _core,
    _widgets,
    _server,
    _wandb_variables,
    _removed_variables,
    _slow_imports,
    _disks,
)
