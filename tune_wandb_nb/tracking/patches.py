"""What `enable` of the legacy module changes in Ray, each with the way back."""

import inspect
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["MODULE", "Patch", "classic_patches"]

MODULE = "ray.tune.integration.wandb"
"""Where Ray 1.x had the classic names."""
_NAMES = {
    "WandbLogger": "tracking.logger",
    "WandbLoggerCallback": "tracking.logger",
    "WandbTrainableMixin": "tracking.trainable",
    "setup_wandb": "tracking.setup_run",
    "wandb_mixin": "tracking.mixin",
}
_LOGGERS = "DEFAULT_LOGGERS"
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


def classic_patches() -> list[Patch]:
    """Return all of them, for the Ray that is installed."""
    import ray.tune
    import ray.tune.logger
    import ray.tune.registry

    from tune_wandb_nb.tracking.legacy import DEFAULT_LOGGERS

    registry = ray.tune.registry._global_registry  # noqa: SLF001 - every trainable comes by here
    return [
        _ModulePatch(_classic_module()),
        Patch(
            ray.tune.logger, "DEFAULT_LOGGERS", DEFAULT_LOGGERS, "ray.tune.logger.DEFAULT_LOGGERS"
        ),
        Patch(ray.tune, "run", _classic_run(ray.tune.run), "tune.run(..., loggers=...)"),
        Patch(ray.tune, "report", _classic_report(ray.tune.report), "tune.report(loss=loss)"),
        Patch(registry, "register", _register(registry.register), "the same in the trials"),
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
        from tune_wandb_nb.tracking.legacy import run as classic

        # Ray 1.x's were positional too, and still are: the first is the trainable.
        names = list(inspect.signature(modern).parameters)[1:]
        named = dict(zip(names, args, strict=False))
        return classic(run_or_experiment, loggers=loggers, **named, **given)

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


def _register(modern: Callable[..., Any]) -> Callable[..., Any]:
    def register(category: str, key: str, value: Any) -> Any:
        from ray.tune.registry import TRAINABLE_CLASS

        from tune_wandb_nb.tracking.legacy_trial import LegacyTrial

        if category == TRAINABLE_CLASS and not issubclass(value, LegacyTrial):
            # Sent to trials with its bases first: what is in the first one is loaded before all.
            value = type(value.__name__, (LegacyTrial, value), {"__doc__": value.__doc__})
        return modern(category, key, value)

    return register
