import functools
import sys
from collections.abc import Callable, Iterable
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["Age", "ModulePatch", "Patch", "apply_patches", "undo_patches", "wrapped"]

_applied: list["Patch"] = []
_MISSING = object()


class Age(Enum):
    RAY_1 = (
        "Ray 1.x: from ray.tune.integration.wandb import WandbLogger, wandb_mixin, ...;"
        " ray.tune.suggest; DEFAULT_LOGGERS, JsonLogger, CSVLogger, ...; tune.run(..., loggers=...,"
        " local_dir=...); tune.report(loss=loss); tune.checkpoint_dir(step), tune.get_trial_id()"
    )
    RAY_2_0 = (
        "Ray 2.0 to 2.6: ray.air.session; ray.air.callbacks.wandb; air.Checkpoint.from_dict();"
        " RunConfig(local_dir=...)"
    )
    RAY_2_7 = (
        "Ray 2.7 to 2.4x: train.report(), train.RunConfig(stop=...) and a Trainer in a tune.Tuner"
    )
    TODAY = "Ray's own: ray.air.integrations.wandb has WandbLoggerCallback and setup_wandb of ours"


class Patch:
    def __init__(self, owner: Any, name: str, value: Any, age: Age) -> None:
        self._owner = owner
        self._name = name
        self._value = value
        self._original: Any = None
        self.age = age

    def apply(self) -> None:
        self._original = vars(self._owner).get(self._name, _MISSING)
        setattr(self._owner, self._name, self._value)

    def undo(self) -> None:
        if self._original is _MISSING:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._original)


class ModulePatch(Patch):
    def __init__(self, module: ModuleType, age: Age) -> None:
        self._parent, _, name = module.__name__.rpartition(".")
        super().__init__(None, name, module, age)
        self._module = module
        self._replaced: ModuleType | None = None

    def apply(self) -> None:
        # An earlier patch may have added the parent.
        self._owner = import_module(self._parent)
        self._replaced = sys.modules.get(self._module.__name__)
        super().apply()
        sys.modules[self._module.__name__] = self._module

    def undo(self) -> None:
        super().undo()
        if self._replaced is None:
            del sys.modules[self._module.__name__]
        else:
            sys.modules[self._module.__name__] = self._replaced


def wrapped(owner: Any, name: str, call: Callable[..., Any], age: Age) -> Patch:
    """Call ``call`` with the original before the arguments."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return call(original, *args, **kwargs)

    return Patch(owner, name, wrapper, age)


def apply_patches(patches: Iterable[Patch]) -> list[Patch]:
    """Apply patches unless some are applied already; return those applied now."""
    if _applied:
        return []
    for patch in patches:
        patch.apply()
        _applied.append(patch)
    return list(_applied)


def undo_patches() -> None:
    while _applied:
        _applied.pop().undo()
