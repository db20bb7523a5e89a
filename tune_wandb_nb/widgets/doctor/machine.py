import os
import shutil
from collections.abc import Mapping
from importlib import import_module, metadata
from importlib.machinery import ModuleSpec
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from tune_wandb_nb.compat.ray import temp_folder
from tune_wandb_nb.compat.wandb_core import SERVICE, core_binary
from tune_wandb_nb.tracking.runs.wandb_core import answers
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.widgets.doctor.conflicts import Folder, Machine

__all__ = ["JUPYTER", "NEEDED", "OPTIONAL", "read_machine"]

NEEDED = ("ray", "wandb", "protobuf", "ipywidgets", "anywidget", "matplotlib", "numpy", "pandas")
JUPYTER = (
    *("jupyterlab", "notebook", "nbclassic", "voila", "google-colab", "jupyter_server"),
    *("jupyterlab_widgets", "widgetsnbextension", "ipykernel", "ipython", "nbclient"),
)
OPTIONAL = ("optuna", "hyperopt", "bayesian-optimization")

_MODULES = ("ray", "ray.tune", "wandb", "ipywidgets", "anywidget", "matplotlib", "pandas")
_OWN_NAME = "tune-wandb-nb"
_SCRIPTS = {"@jupyter-widgets/jupyterlab-manager": "ipywidgets", "anywidget": "anywidget"}
"""JupyterLab extension -> package."""


def read_machine(frontend: str, environ: Mapping[str, str]) -> Machine:
    """Imports modules to see which are broken."""
    names = (*NEEDED, *JUPYTER, *OPTIONAL, "requests", "tqdm", "rfc3987-syntax")
    versions = {name: version for name in names if (version := _version(name))}
    shadowed = {name: path for name in _MODULES if (path := _shadow(name, versions))}
    token = environ.get(SERVICE)
    return Machine(
        versions=versions,
        requirements=_requirements(),
        broken={name: error for name in _MODULES if (error := _import_error(name, versions))},
        shadowed=shadowed,
        environ=environ,
        frontend=frontend,
        server_lacks=_server_lacks(environ),
        core=None if shadowed.get("wandb") else _core_problem(),
        service_is_gone=token is not None and not answers(token),
        uncompiled=_uncompiled("ray") if environ.get("PYTHONDONTWRITEBYTECODE") else None,
        folders=(
            _folder("the W&B folder", Path(environ.get("WANDB_DIR") or ".", "wandb")),
            _folder("Tune's results", Path("~/ray_results")),
            _folder("Ray's temporary folder", _ray_folder(environ), holds_sockets=True),
        ),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except Exception:  # not installed, or damaged
        return None


def _requirements() -> tuple[str, ...]:
    try:
        return tuple(metadata.requires(_OWN_NAME) or ())
    except metadata.PackageNotFoundError:  # in a checkout
        return ()


def _import_error(module: str, versions: Mapping[str, str]) -> str | None:
    if module.partition(".")[0] not in versions:
        return None
    try:
        import_module(module)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {show(lines[0], longest=200)}"
    return None


def _shadow(module: str, versions: Mapping[str, str]) -> str | None:
    """Return what ``import`` finds in the place of the installed package."""
    if "." in module:
        return None
    spec = _spec(module)
    if spec is None:
        return None
    if spec.origin is None:
        # Such as the folder ``wandb`` that a search writes.
        return str(next(iter(spec.submodule_search_locations or ()), module))
    found = Path(spec.origin)
    if module not in versions:
        is_other = Path.cwd() in found.parents[:2]
    else:
        installed = Path(str(metadata.distribution(module).locate_file(f"{module}/__init__.py")))
        # It does not exist if a checkout is installed.
        is_other = installed.exists() and installed.resolve() != found.resolve()
    return spec.origin if is_other else None


def _spec(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except (ImportError, ValueError):
        return None


def _uncompiled(package: str) -> str | None:
    spec = _spec(package)
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
    try:
        command = Path("/proc", environ["JPY_PARENT_PID"], "cmdline").read_bytes()
    except (KeyError, OSError):
        return ()
    python = Path(os.fsdecode(command.split(b"\0", 1)[0]))
    if not python.is_absolute() or not python.name.startswith("python"):
        return ()
    prefixes = (python.parents[1], Path("/usr/local"), Path("/usr"), Path("~/.local").expanduser())
    roots = [prefix / "share" / "jupyter" / "labextensions" for prefix in prefixes]
    return tuple(
        name
        for folder, name in _SCRIPTS.items()
        if not any((root / folder).exists() for root in roots)
    )


def _ray_folder(environ: Mapping[str, str]) -> Path:
    # A running Ray has the folder that was passed to ray.init.
    if (folder := temp_folder()) is not None:
        return folder
    return Path(environ.get("RAY_TMPDIR") or environ.get("TMPDIR") or "/tmp", "ray")  # noqa: S108


def _folder(name: str, given: Path, *, holds_sockets: bool = False) -> Folder:
    try:
        path = given.expanduser().absolute()
        existing = next(parent for parent in (path, *path.parents) if parent.exists())
        disk = shutil.disk_usage(existing)
        writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    except (OSError, RuntimeError, ValueError):
        return Folder(name, str(given), writable=False, holds_sockets=holds_sockets)
    return Folder(name, str(path), disk.free, disk.total, writable, holds_sockets)
