"""What is known to go wrong on a machine, and what to do about it."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tune_wandb_nb.compat.ray import SOCKET_IN_TEMP_FOLDER

__all__ = ["Conflict", "Machine", "Place", "find_conflicts", "is_older"]

_NONE: Mapping[str, str] = MappingProxyType({})
_GIB = 2**30
_ENOUGH = 1 * _GIB
_RAY_STOPS_AT = 0.95
"""Ray puts no objects on a disk that is fuller than this."""
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
"""Bytes that the path of a socket may have."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that goes wrong, and what to do about it."""

    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that a search writes to, and the disk that it is on."""

    name: str
    path: str
    free: int = _ENOUGH
    """Bytes."""
    total: int = _ENOUGH
    """Bytes."""
    writable: bool = True
    holds_sockets: bool = False
    """Whether Ray puts its sockets there."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What `find_conflicts` looks at."""

    versions: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Installed package -> version."""
    requirements: tuple[str, ...] = ()
    """What this package needs, such as ``"ray[tune]>=2.44"``."""
    broken: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Module that is installed and cannot be imported -> why."""
    shadowed: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """Module -> what is imported in its place."""
    environ: Mapping[str, str] = field(default_factory=lambda: _NONE)
    frontend: str = "plain"
    server_lacks: tuple[str, ...] = ()
    """Widget scripts that the Jupyter server of this kernel does not have."""
    core: str | None = None
    """What is wrong with wandb's own program, ``wandb-core``."""
    service_is_gone: bool = False
    """Whether ``WANDB_SERVICE`` names a wandb-core that does not answer."""
    uncompiled: str | None = None
    """The folder of the installed packages, where each process compiles them for itself."""
    places: tuple[Place, ...] = ()


def find_conflicts(machine: Machine) -> tuple[Conflict, ...]:
    """Return what is known to go wrong on a machine.

    Example:
        >>> [found] = find_conflicts(Machine(versions={"wandb": "0.22.3", "protobuf": "7.1.0"}))
        >>> found.what
        'wandb 0.22.3 cannot be imported with protobuf 7.1.0.'
        >>> found.remedy
        'pip install --upgrade wandb, then restart the kernel.'
    """
    return tuple(found for rule in _RULES for found in rule(machine))


def is_older(version: str, than: str) -> bool:
    """Tell whether a version is older than another; what follows the numbers is not looked at.

    Example:
        >>> is_older("0.9", than="0.22"), is_older("2.44.0rc1", than="2.44")
        (True, False)
    """
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _requirements(machine: Machine) -> Iterator[Conflict]:
    for text in machine.requirements:
        found = re.match(r"([\w.-]+)(\[\w+\])?.*?>=\s*([\d.]+)", text)
        # What follows a semicolon is an extra's, or some other machine's.
        if found is None or ";" in text:
            continue
        name, least = found[1], found[3]
        version = machine.versions.get(name)
        install = f'pip install "{name}{found[2] or ""}>={least}", then restart the kernel.'
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
    for name, why in machine.broken.items():
        if name in explained:
            continue
        package = '"ray[tune]"' if name == "ray.tune" else name
        yield Conflict(
            f"{name} cannot be imported: {why}",
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
    # Colab and VS Code bring a manager of their own, which knows both generations.
    if widgets is None or not is_older(widgets, "8") or machine.frontend in ("colab", "vscode"):
        return
    for frontend, since in (("jupyterlab", "4"), ("notebook", "7")):
        version = machine.versions.get(frontend)
        if version is not None and not is_older(version, since):
            yield Conflict(
                f"{frontend} {version} shows no widgets of ipywidgets {widgets}.",
                'pip install "ipywidgets>=8", then restart Jupyter and reload the page.',
            )


def _server(machine: Machine) -> Iterator[Conflict]:
    if machine.server_lacks and machine.frontend not in ("colab", "vscode"):
        yield Conflict(
            "Jupyter runs in another environment than this kernel, and has no"
            f" {' and no '.join(machine.server_lacks)} there: widgets stay blank.",
            "install ipywidgets and bqplot where Jupyter is, too; restart it and reload the page.",
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
    # `import ray.tune` takes 4.5 s, not 1.4 s.
    if machine.uncompiled is not None:
        yield Conflict(
            "PYTHONDONTWRITEBYTECODE is set, and the installed packages are not compiled: every"
            " process of Ray, and so every trial, compiles them again and starts seconds later.",
            f"python -m compileall -q {machine.uncompiled}, once.",
        )


def _disks(machine: Machine) -> Iterator[Conflict]:
    for place in machine.places:
        if not place.writable:
            yield Conflict(f"{place.name} {place.path} cannot be written.", "use another folder.")
        elif place.free < _ENOUGH:
            yield Conflict(
                f"less than 1 GiB is free where {place.name} is ({place.path}).",
                "make room, or use another disk.",
            )
        elif place.holds_sockets and place.free < (1 - _RAY_STOPS_AT) * place.total:
            yield Conflict(
                f"the disk of {place.name} ({place.path}) is over 95 % full: Ray moves no objects"
                " there.",
                "make room, or set RAY_TMPDIR to a folder on another disk before Ray starts.",
            )
        if (
            place.holds_sockets
            and len((place.path + SOCKET_IN_TEMP_FOLDER).encode()) > _LONGEST_SOCKET
        ):
            yield Conflict(
                f"the path of {place.name} ({place.path}) is too long for Ray's sockets.",
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
