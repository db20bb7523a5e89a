import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pkgutil import resolve_name
from types import ModuleType
from typing import Any

__all__ = ["StandIn", "missing_names"]


@dataclass(frozen=True, slots=True)
class StandIn:
    """A module under an older name; its values are loaded on first use."""

    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    """A name in it -> where it is today, as ``module:attribute``."""
    modern: tuple[str, ...] = ()
    """Modules that have its other names."""
    gone: Mapping[str, str] = field(default_factory=dict)
    """A name that Ray has no more -> what to write today; "*" is every name."""
    is_complete: bool = False
    """Whether Ray's own module, which is replaced, adds no names."""

    def module(self) -> ModuleType:
        module: Any = ModuleType(self.name, "Names of an older Ray, from tune-wandb-nb.")
        module.__path__ = []
        module.__all__ = sorted(self.names)
        replaced = sys.modules.get(self.name)

        def load(name: str) -> Any:
            if name in self.names:
                return resolve_name(self.names[name])
            _refuse(self.name, name, self.gone)
            if not name.startswith("__"):
                modules = [*map(import_module, self.modern)]
                if not self.is_complete:
                    modules += _original(self.name, replaced)
                for modern in modules:
                    if hasattr(modern, name):
                        return getattr(modern, name)
            raise AttributeError(f"module {self.name!r} has no attribute {name!r}")

        module.__getattr__ = load
        return module  # type: ignore[no-any-return]


def _refuse(module: str, name: str, gone: Mapping[str, str]) -> None:
    """Raise ImportError, which ``from module import name`` shows."""
    today = gone.get(name) or (gone.get("*") if not name.startswith("__") else None)
    if today is not None:
        raise ImportError(
            f"{module}.{name} is no longer in Ray, and tune_wandb_nb.legacy cannot bring it back;"
            f" {today}"
        )


def missing_names(module: str, gone: Mapping[str, str]) -> Callable[[str], Any]:
    def load(name: str) -> Any:
        _refuse(module, name, gone)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return load


def _original(name: str, replaced: ModuleType | None) -> list[ModuleType]:
    if replaced is not None:
        return [replaced]
    parent = import_module(name.rpartition(".")[0])
    spec = PathFinder.find_spec(name, list(getattr(parent, "__path__", [])))
    if spec is None or spec.loader is None:
        return []
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return [module]
