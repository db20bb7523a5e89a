"""`enable` and `disable`: the names and call forms of Ray 1.x, on current versions of Ray."""

from collections.abc import Callable
from typing import Any

from tune_wandb_nb.compat.ray import is_trainable_category, trainable_registry
from tune_wandb_nb.tracking.legacy.patches import (
    Patch,
    apply_patches,
    classic_patches,
    undo_patches,
)

__all__ = ["disable", "enable"]


def enable(*, quiet: bool = False) -> None:
    """Bring back what Ray 1.x had, so that a notebook written for it runs unmodified.

    That is ``ray.tune.integration.wandb`` with its names, ``DEFAULT_LOGGERS``, ``loggers=`` of
    ``tune.run`` and keywords of ``tune.report``, also in the trials' processes. Calls as they are
    written today work as before. `disable` takes it all back.

    Args:
        quiet: Do not say what was patched.

    Example:
        >>> import tune_wandb_nb as tw
        >>> tw.legacy.enable(quiet=True)
        >>> from ray.tune.integration.wandb import wandb_mixin
        >>> tw.legacy.disable()
    """
    applied = apply_patches([*classic_patches(), _patch_of_registry()])
    if applied and not quiet:
        print("tune-wandb-nb: Ray 1.x's forms work again (until tune_wandb_nb.legacy.disable()):")
        for patch in applied:
            print(f"  {patch.description}")


def disable() -> None:
    """Take back everything that `enable` has patched, in this process."""
    undo_patches()


def _patch_of_registry() -> Patch:
    """Return the patch that enables the classic names in trials; only the driver needs it."""
    registry = trainable_registry()
    return Patch(registry, "register", _register(registry.register), "the same in the trials")


def _register(modern: Callable[..., Any]) -> Callable[..., Any]:
    def register(category: str, key: str, value: Any) -> Any:
        # Imported late: the module applies the patches, and `enable` must have done so already.
        from tune_wandb_nb.tracking.legacy.trial_hook import LegacyTrial

        if is_trainable_category(category) and not issubclass(value, LegacyTrial):
            # A trial unpickles the bases of its class in order. The module of the first base is
            # imported first, and applies the patches before the trainable's own code is loaded.
            value = type(value.__name__, (LegacyTrial, value), {"__doc__": value.__doc__})
        return modern(category, key, value)

    return register
