"""What this machine has: read without starting anything, whatever is missing or broken."""

import os
import shutil
from collections.abc import Mapping
from importlib import import_module, metadata
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from tune_wandb_nb.compat.ray import temp_folder
from tune_wandb_nb.compat.wandb_core import SERVICE, core_binary
from tune_wandb_nb.tracking.runs.wandb_core import answers
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.widgets.doctor.conflicts import Machine, Place

__all__ = ["JUPYTER", "NEEDED", "OPTIONAL", "read_machine"]

NEEDED = ("ray", "wandb", "protobuf", "ipywidgets", "bqplot", "matplotlib", "numpy", "pandas")
JUPYTER = (
    *("jupyterlab", "notebook", "nbclassic", "voila", "google-colab", "jupyter_server"),
    *("jupyterlab_widgets", "widgetsnbextension", "ipykernel", "ipython", "nbclient"),
)
OPTIONAL = ("optuna", "hyperopt", "bayesian-optimization")

_MODULES = ("ray", "ray.tune", "wandb", "ipywidgets", "bqplot", "matplotlib", "pandas")
_OWN_NAME = "tune-wandb-nb"
_SCRIPTS = {"@jupyter-widgets/jupyterlab-manager": "ipywidgets", "bqplot": "bqplot"}
"""Folder of a JupyterLab extension -> who brings it."""


def read_machine(frontend: str, environ: Mapping[str, str]) -> Machine:
    """Read all that `find_conflicts` looks at; modules are imported to see whether they can be."""
    names = (*NEEDED, *JUPYTER, *OPTIONAL, "requests", "tqdm", "rfc3987-syntax")
    versions = {name: version for name in names if (version := _version(name))}
    shadowed = {name: path for name in _MODULES if (path := _shadow(name, versions))}
    token = environ.get(SERVICE)
    return Machine(
        versions=versions,
        requirements=_requirements(),
        broken={name: why for name in _MODULES if (why := _why_broken(name, versions))},
        shadowed=shadowed,
        environ=environ,
        frontend=frontend,
        server_lacks=_server_lacks(environ),
        core=None if shadowed.get("wandb") else _core_problem(),
        service_is_gone=token is not None and not answers(token),
        uncompiled=_uncompiled("ray") if environ.get("PYTHONDONTWRITEBYTECODE") else None,
        places=(
            _place("the W&B folder", Path(environ.get("WANDB_DIR") or ".", "wandb")),
            _place("Tune's results", Path("~/ray_results")),
            _place("Ray's temporary folder", _ray_folder(environ), holds_sockets=True),
        ),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except Exception:  # not there, or its metadata are damaged
        return None


def _requirements() -> tuple[str, ...]:
    try:
        return tuple(metadata.requires(_OWN_NAME) or ())
    except metadata.PackageNotFoundError:
        # A checkout that is on the path only.
        return ()


def _why_broken(module: str, versions: Mapping[str, str]) -> str | None:
    if module.partition(".")[0] not in versions:
        return None
    try:
        import_module(module)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {show(lines[0], longest=200)}"
    return None


def _shadow(module: str, versions: Mapping[str, str]) -> str | None:
    """Return what ``import`` finds where it is not what was installed."""
    if "." in module:
        return None
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin is None:
        # A folder without a package in it, such as the one that a search leaves.
        return str(next(iter(spec.submodule_search_locations or ()), module))
    found = Path(spec.origin)
    if module not in versions:
        is_other = Path.cwd() in found.parents[:2]
    else:
        installed = Path(str(metadata.distribution(module).locate_file(f"{module}/__init__.py")))
        # Where it does not exist the package is a checkout.
        is_other = installed.exists() and installed.resolve() != found.resolve()
    return spec.origin if is_other else None


def _uncompiled(package: str) -> str | None:
    """Return where a package is installed, unless it has been compiled there."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or Path(cache_from_source(spec.origin)).exists():
        return None
    return str(Path(spec.origin).parents[1])


def _core_problem() -> str | None:
    binary = core_binary()
    if binary is None:
        return None
    if not binary.exists():
        return "wandb was installed without its program wandb-core"
    return None if os.access(binary, os.X_OK) else "wandb-core may not be executed"


def _server_lacks(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the scripts that the Jupyter server which started this kernel does not have."""
    try:
        command = Path("/proc", environ["JPY_PARENT_PID"], "cmdline").read_bytes()
    except (KeyError, OSError):
        return ()
    python = Path(os.fsdecode(command.split(b"\0", 1)[0]))
    if not python.is_absolute() or not python.name.startswith("python"):
        return ()
    homes = (python.parents[1], Path("/usr/local"), Path("/usr"), Path("~/.local").expanduser())
    places = [home / "share" / "jupyter" / "labextensions" for home in homes]
    return tuple(
        name for folder, name in _SCRIPTS.items() if not any((p / folder).exists() for p in places)
    )


def _ray_folder(environ: Mapping[str, str]) -> Path:
    # Given to ray.init, it is known to Ray only.
    if (found := temp_folder()) is not None:
        return found
    return Path(environ.get("RAY_TMPDIR") or environ.get("TMPDIR") or "/tmp", "ray")  # noqa: S108


def _place(name: str, folder: Path, *, holds_sockets: bool = False) -> Place:
    try:
        path = folder.expanduser().absolute()
        there = next(place for place in (path, *path.parents) if place.exists())
        disk = shutil.disk_usage(there)
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except (OSError, RuntimeError, ValueError):
        return Place(name, str(folder), writable=False, holds_sockets=holds_sockets)
    return Place(name, str(path), disk.free, disk.total, writable, holds_sockets)
