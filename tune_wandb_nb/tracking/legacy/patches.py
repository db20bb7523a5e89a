"""What `enable` of the legacy module changes in Ray, each with the way back."""

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
"""Where Ray 1.x had the classic names."""
_NAMES = {
    "WandbLogger": "tracking.driver.logger",
    "WandbLoggerCallback": "tracking.driver.logger",
    "WandbTrainableMixin": "tracking.worker.trainable",
    "setup_wandb": "tracking.worker.setup_wandb",
    "wandb_mixin": "tracking.worker.mixin",
}
_LOGGERS = "DEFAULT_LOGGERS"
_applied: list["Patch"] = []
_CREDENTIALS = ("api_key", "api_key_file", "settings")


class Patch:
    """One attribute that is replaced, and put back.

    Args:
        owner: The module or object.
        name: The attribute's name.
        value: What it is to be.
        what: What this brings back, in words.
    """

    def __init__(self, owner: Any, name: str, value: Any, what: str) -> None:
        self._owner = owner
        self._name = name
        self._value = value
        self.what = what
        self._had = name in vars(owner)
        self._before = vars(owner).get(name)

    def apply(self) -> None:
        """Replace it."""
        setattr(self._owner, self._name, self._value)

    def undo(self) -> None:
        """Put back what was there."""
        if self._had:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)


class _ModulePatch(Patch):
    """A module that there is none of."""

    def __init__(self, module: ModuleType) -> None:
        package, _, name = module.__name__.rpartition(".")
        names = f"from {module.__name__} import {', '.join(sorted(_NAMES))}"
        super().__init__(import_module(package), name, module, names)
        self._module = module

    def apply(self) -> None:
        super().apply()
        sys.modules[self._module.__name__] = self._module

    def undo(self) -> None:
        super().undo()
        del sys.modules[self._module.__name__]


def apply_patches(patches: Iterable[Patch]) -> list[Patch]:
    """Apply patches, unless this process has some applied already; returns those applied now."""
    if _applied:
        return []
    for patch in patches:
        patch.apply()
        _applied.append(patch)
    return list(_applied)


def undo_patches() -> None:
    """Undo every applied patch of this process, the last one first."""
    while _applied:
        _applied.pop().undo()


def classic_patches() -> list[Patch]:
    """Return all of them, for the Ray that is installed."""
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
    module.__all__ = sorted(_NAMES)

    def load(name: str) -> Any:
        if name not in _NAMES:
            raise AttributeError(f"module {MODULE!r} has no attribute {name!r}")
        return getattr(import_module(f"tune_wandb_nb.{_NAMES[name]}"), name)

    module.__getattr__ = load
    return module  # type: ignore[no-any-return]


def _classic_run(modern: Callable[..., Any]) -> Callable[..., Any]:
    def run(run_or_experiment: Any, *args: Any, loggers: Any = None, **given: Any) -> Any:
        """Run a search: ``tune.run``, and with ``loggers=`` as in Ray 1.x."""
        if loggers is None and not _has_key(given.get("config")):
            return modern(run_or_experiment, *args, **given)
        # Ray 1.x's were positional too, and still are: the first is the trainable.
        names = list(inspect.signature(modern).parameters)[1:]
        named = dict(zip(names, args, strict=False))
        return classic_run(run_or_experiment, loggers=loggers, **named, **given)

    return run


def _has_key(config: object) -> bool:
    """Tell whether a config has a credential, which Tune must not see."""
    if not isinstance(config, Mapping):
        return False
    entry = config.get("wandb")
    return isinstance(entry, Mapping) and any(name in entry for name in _CREDENTIALS)


def _classic_report(modern: Callable[..., Any]) -> Callable[..., Any]:
    def report(metrics: Any = None, *, checkpoint: Any = None, **named: Any) -> Any:
        """Report to Tune: a dictionary, and as in Ray 1.x by keywords, or one number."""
        if named or not isinstance(metrics, Mapping | None):
            first = {"_metric": metrics} if not isinstance(metrics, Mapping | None) else metrics
            metrics = {**(first or {}), **named}
        return modern(metrics, checkpoint=checkpoint)

    return report
