"""The patches by which `enable` changes Ray; each can be undone."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from tune_wandb_nb.tracking.legacy.run import DEFAULT_LOGGERS
from tune_wandb_nb.tracking.legacy.run import run as classic_run

__all__ = ["MODULE", "Patch", "apply_patches", "classic_patches", "undo_patches"]

MODULE = "ray.tune.integration.wandb"
"""The module in which Ray 1.x had its W&B integration."""
_CLASSIC_NAMES = {
    "WandbLogger": "tracking.driver.logger",
    "WandbLoggerCallback": "tracking.driver.logger",
    "WandbTrainableMixin": "tracking.worker.trainable",
    "setup_wandb": "tracking.worker.setup_wandb",
    "wandb_mixin": "tracking.worker.mixin",
}
_applied: list["Patch"] = []
_CREDENTIALS = ("api_key", "api_key_file", "settings")


class Patch:
    """Replaces one attribute, and restores it.

    Args:
        owner: The module or object that has the attribute.
        name: The attribute's name.
        value: The new value.
        description: The form of Ray 1.x that this patch enables, shown to the user.
    """

    def __init__(self, owner: Any, name: str, value: Any, description: str) -> None:
        self._owner = owner
        self._name = name
        self._value = value
        self.description = description
        self._existed = name in vars(owner)
        self._original = vars(owner).get(name)

    def apply(self) -> None:
        """Set the new value."""
        setattr(self._owner, self._name, self._value)

    def undo(self) -> None:
        """Restore the original value, or delete an attribute that did not exist."""
        if self._existed:
            setattr(self._owner, self._name, self._original)
        else:
            delattr(self._owner, self._name)


class _ModulePatch(Patch):
    """Adds a module that current versions of Ray do not have."""

    def __init__(self, module: ModuleType) -> None:
        package, _, name = module.__name__.rpartition(".")
        names = f"from {module.__name__} import {', '.join(sorted(_CLASSIC_NAMES))}"
        super().__init__(import_module(package), name, module, names)
        self._module = module

    def apply(self) -> None:
        super().apply()
        sys.modules[self._module.__name__] = self._module

    def undo(self) -> None:
        super().undo()
        del sys.modules[self._module.__name__]


def apply_patches(patches: Iterable[Patch]) -> list[Patch]:
    """Apply patches unless some are applied in this process already; return those applied now."""
    if _applied:
        return []
    for patch in patches:
        patch.apply()
        _applied.append(patch)
    return list(_applied)


def undo_patches() -> None:
    """Undo all patches applied in this process, the last first."""
    while _applied:
        _applied.pop().undo()


def classic_patches() -> list[Patch]:
    """Create all patches that both the driver and the trials need."""
    import ray.tune
    import ray.tune.logger

    return [
        _ModulePatch(_classic_module()),
        Patch(
            ray.tune.logger, "DEFAULT_LOGGERS", DEFAULT_LOGGERS, "ray.tune.logger.DEFAULT_LOGGERS"
        ),
        Patch(ray.tune, "run", _classic_run(ray.tune.run), "tune.run(..., loggers=...)"),
        Patch(ray.tune, "report", _classic_report(ray.tune.report), "tune.report(loss=loss)"),
    ]


def _classic_module() -> ModuleType:
    module: Any = ModuleType(MODULE, "The classic names, from tune-wandb-nb.")
    module.__all__ = sorted(_CLASSIC_NAMES)

    def load(name: str) -> Any:
        if name not in _CLASSIC_NAMES:
            raise AttributeError(f"module {MODULE!r} has no attribute {name!r}")
        return getattr(import_module(f"tune_wandb_nb.{_CLASSIC_NAMES[name]}"), name)

    module.__getattr__ = load
    return module  # type: ignore[no-any-return]


def _classic_run(modern: Callable[..., Any]) -> Callable[..., Any]:
    def run(run_or_experiment: Any, *args: Any, loggers: Any = None, **kwargs: Any) -> Any:
        """Run a search: ``tune.run``, and with ``loggers=`` as in Ray 1.x."""
        if loggers is None and not _has_credential(kwargs.get("config")):
            return modern(run_or_experiment, *args, **kwargs)
        # `tune_wandb_nb.run` takes keywords only, `tune.run` also positional arguments. The first
        # parameter of `tune.run` is the trainable.
        names = list(inspect.signature(modern).parameters)[1:]
        positional = dict(zip(names, args, strict=False))
        return classic_run(run_or_experiment, loggers=loggers, **positional, **kwargs)

    return run


def _has_credential(config: object) -> bool:
    """Return whether a config contains a credential, which Tune would write to disk."""
    if not isinstance(config, Mapping):
        return False
    entry = config.get("wandb")
    return isinstance(entry, Mapping) and any(name in entry for name in _CREDENTIALS)


def _classic_report(modern: Callable[..., Any]) -> Callable[..., Any]:
    def report(metrics: Any = None, *, checkpoint: Any = None, **named: Any) -> Any:
        """Report to Tune: a dictionary as today, or keywords or one number as in Ray 1.x."""
        if named or not isinstance(metrics, Mapping | None):
            positional = metrics if isinstance(metrics, Mapping | None) else {"_metric": metrics}
            metrics = {**(positional or {}), **named}
        return modern(metrics, checkpoint=checkpoint)

    return report
