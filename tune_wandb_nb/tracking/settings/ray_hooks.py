"""Hooks of Ray's own W&B integration; `auth.credentials` calls the one for an API key."""

import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.settings import SettingsError

__all__ = ["populate_run_location", "run_info_hook"]

_LOCATION = "WANDB_POPULATE_RUN_LOCATION_HOOK"
_RUN_INFO = "WANDB_PROCESS_RUN_INFO_HOOK"


def populate_run_location(environ: Mapping[str, str]) -> None:
    """Call the hook that sets ``WANDB_PROJECT_NAME`` and ``WANDB_GROUP_NAME``."""
    if name := environ.get(_LOCATION):
        try:
            pkgutil.resolve_name(name)()
        except Exception as error:
            raise SettingsError(
                f"the hook {_LOCATION}={show(name)} failed: {show(error, longest=200)}; it must be"
                " the dotted name of a function without arguments."
            ) from error


def run_info_hook(environ: Mapping[str, str]) -> Callable[[Any], None] | None:
    name = environ.get(_RUN_INFO)
    if not name:
        return None
    try:
        hook: Callable[[Any], None] = pkgutil.resolve_name(name)
    except Exception as error:
        raise SettingsError(
            f"the hook {_RUN_INFO}={show(name)} cannot be found: {show(error, longest=200)}; it"
            " must be the dotted name of a function that takes a W&B run."
        ) from error
    return hook
