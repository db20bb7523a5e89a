"""The arguments of ``wandb.init``: which there are, and what a user's mean for one run."""

import difflib
import inspect
from collections.abc import Iterable
from dataclasses import fields

from tune_wandb_nb.tracking.apikey import show
from tune_wandb_nb.tracking.settings import CLASSIC_NAMES, SettingsError, WandbSettings

__all__ = ["check_init_arguments"]


def check_init_arguments(given: Iterable[object]) -> None:
    """Refuse an argument that neither we nor ``wandb.init`` have.

    Raises:
        SettingsError: naming the argument and the closest known one.
    """
    names = {f.name for f in fields(WandbSettings)} - {"init"} | set(CLASSIC_NAMES)
    unknown = [name for name in given if name not in names]
    if not unknown:
        return
    import wandb

    names |= set(inspect.signature(wandb.init).parameters)
    for name in unknown:
        if name in names:
            continue
        close = difflib.get_close_matches(str(name), sorted(names), n=1)
        hint = f"did you mean {close[0]!r}?" if close else "see help(wandb.init) for its arguments."
        raise SettingsError(
            f"unknown argument {show(name)}: neither WandbLogger nor wandb.init has it; {hint}"
        )
