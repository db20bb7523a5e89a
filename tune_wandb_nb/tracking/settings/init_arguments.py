"""The arguments of ``wandb.init``: which there are, and what a user's mean for one run."""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import (
    CLASSIC_NAMES,
    SettingsError,
    WandbSettings,
    settings_argument,
)

__all__ = ["check_init_arguments", "init_arguments"]


def init_arguments(
    settings: WandbSettings,
    *,
    trial_id: str | None,
    name: str | None,
    group: str | None,
    folder: str,
    config: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a trial's arguments for ``wandb.init``, and the user's own W&B settings.

    Tune's names stand where the settings have none of their own; ``folder`` and the trial's config
    always do.
    """
    given = dict(settings.init)
    user_settings = settings_argument(given.pop("settings", None))
    given.pop("reinit", None)
    arguments = {
        "id": trial_id,
        "name": name,
        "resume": "allow",
        **given,
        "project": settings.project,
        "group": settings.group or group,
        "dir": folder,
        "config": {**(given.get("config") or {}), **config},
    }
    return arguments, user_settings


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
