from typing import Any

from tune_wandb_nb.compat.ray import is_trainable_category, trainable_registry
from tune_wandb_nb.tracking.legacy.forms import older_forms
from tune_wandb_nb.tracking.legacy.patches import Age, apply_patches, undo_patches, wrapped

__all__ = ["disable", "enable"]


def enable(*, quiet: bool = False) -> None:
    """Bring back what older Rays had, so that a notebook written for one runs unmodified.

    That is Ray 1.x (``ray.tune.integration.wandb``, ``loggers=``, ``tune.report(loss=loss)``),
    Ray 2.0 to 2.6 (``ray.air.session``, ``ray.air.callbacks``, ``air.Checkpoint``) and Ray 2.7 to
    2.4x (``train.report`` and ``train.RunConfig`` in a search, a Trainer in a Tuner), also in
    trials. Ray's ``WandbLoggerCallback`` and ``setup_wandb`` are this package's meanwhile. Today's
    calls work as before.

    Args:
        quiet: Do not say what was patched.

    Example:
        >>> import tune_wandb_nb as tw
        >>> tw.legacy.enable(quiet=True)
        >>> from ray.tune.integration.wandb import wandb_mixin
        >>> tw.legacy.disable()
    """
    register = wrapped(trainable_registry(), "register", _register, Age.RAY_1)
    applied = apply_patches([*older_forms(), register])
    if applied and not quiet:
        print(
            "tune-wandb-nb: forms of older Rays work again, also in trials (until"
            " tune_wandb_nb.legacy.disable()):"
        )
        ages = {patch.age for patch in applied}
        print(*(f"  {age.value}" for age in Age if age in ages), sep="\n")


def disable() -> None:
    """Take back everything that `enable` has patched, in this process."""
    undo_patches()


def _register(modern: Any, category: str, key: str, value: Any) -> Any:
    # Imported late: the module applies patches, and `enable` must have applied its own.
    from tune_wandb_nb.tracking.legacy.trial_hook import LegacyTrial

    if is_trainable_category(category) and not issubclass(value, LegacyTrial):
        # A trial first imports the module of its class's first base, which applies the patches
        # before the trainable's own code is loaded.
        value = type(value.__name__, (LegacyTrial, value), {"__doc__": value.__doc__})
    return modern(category, key, value)
