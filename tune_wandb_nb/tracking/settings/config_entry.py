"""Reads the ``wandb`` entry of a trial's config, and removes credentials from it."""

from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.tracking.settings.settings import settings_argument

__all__ = ["entry_of", "without_key"]

_CREDENTIALS = frozenset({"api_key", "api_key_file"})


def entry_of(config: Mapping[str, Any]) -> object:
    """Return the ``wandb`` entry of a trial's config, in either of its two classic places.

    The places are ``config["wandb"]`` and, for RLlib, ``config["logger_config"]["wandb"]``.
    """
    if config.get("wandb") is not None:
        return config["wandb"]
    logger_config = config.get("logger_config")
    return logger_config.get("wandb") if isinstance(logger_config, Mapping) else None


def without_key(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a config without the credentials in its ``wandb`` entry, in either place.

    Credentials are removed at every depth of the entry: also from the ``settings`` for
    ``wandb.init`` and from the alternatives of a ``grid_search``. Nothing else in the entry has
    the names ``api_key`` and ``api_key_file``.
    """
    clean = dict(config)
    if "wandb" in clean:
        clean["wandb"] = _without_credentials(clean["wandb"])
    if isinstance(clean.get("logger_config"), Mapping):
        clean["logger_config"] = without_key(clean["logger_config"])
    return clean


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_credentials(v) for k, v in value.items() if k not in _CREDENTIALS}
    if type(value) in (list, tuple):
        return type(value)(_without_credentials(item) for item in value)
    # Only a `wandb.Settings` has both attributes. This module does not import wandb to ask.
    if hasattr(value, "model_fields_set") and hasattr(value, "api_key"):
        return _without_credentials(settings_argument(value))
    return value
