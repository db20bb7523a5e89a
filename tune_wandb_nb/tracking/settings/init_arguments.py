import difflib
import functools
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

__all__ = ["check_init_arguments", "closest_argument", "init_arguments", "unknown_arguments"]

_HELP = "see help(wandb.init) for its arguments."


def init_arguments(
    settings: WandbSettings,
    *,
    trial_id: str | None,
    name: str | None,
    group: str | None,
    folder: str,
    config: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a trial's arguments for ``wandb.init``, and the user's ``wandb.Settings``.

    The settings' own ``id``, ``name`` and ``group`` win, and ``config`` over a config in them.
    """
    user_arguments = dict(settings.init)
    user_settings = settings_argument(user_arguments.pop("settings", None))
    # Every run is opened beside the others.
    user_arguments.pop("reinit", None)
    arguments = {
        "id": trial_id,
        "name": name,
        "resume": "allow",
        **user_arguments,
        "project": settings.project,
        "group": settings.group or group,
        "dir": folder,
        "config": {**(user_arguments.get("config") or {}), **config},
    }
    return arguments, user_settings


def check_init_arguments(arguments: Iterable[object]) -> None:
    for name in unknown_arguments(arguments):
        hint = f"did you mean {close!r}?" if (close := closest_argument(name)) else _HELP
        raise SettingsError(
            f"unknown argument {show(name)}: neither WandbLogger nor wandb.init has it; {hint}"
        )


def unknown_arguments(arguments: Iterable[object]) -> list[object]:
    own = _own_arguments()
    unknown = [name for name in arguments if name not in own]
    return [name for name in unknown if name not in _init_arguments()] if unknown else []


def closest_argument(name: object, similarity: float = 0.6) -> str | None:
    known = sorted(_own_arguments() | _init_arguments())
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=similarity)
    return close[0] if close else None


def _own_arguments() -> set[str]:
    return {f.name for f in fields(WandbSettings)} - {"init"} | set(CLASSIC_NAMES)


@functools.cache
def _init_arguments() -> frozenset[str]:
    import wandb

    return frozenset(inspect.signature(wandb.init).parameters)
