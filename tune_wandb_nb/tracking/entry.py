"""The ``wandb`` entry of a trial's config: where it stands, and how it loses its key."""

from collections.abc import Mapping
from typing import Any

__all__ = ["entry_of", "without_key"]

_CREDENTIALS = ("api_key", "api_key_file")


def entry_of(config: Mapping[str, Any]) -> object:
    """Return the ``wandb`` entry of a trial's config, in either of its two classic places.

    The places are ``config["wandb"]`` and, for RLlib, ``config["logger_config"]["wandb"]``.
    """
    if config.get("wandb") is not None:
        return config["wandb"]
    logger_config = config.get("logger_config")
    return logger_config.get("wandb") if isinstance(logger_config, Mapping) else None


def without_key(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config whose ``wandb`` entry, in either place, holds no credential any more."""
    clean = dict(config)
    if isinstance(clean.get("wandb"), Mapping):
        clean["wandb"] = {k: v for k, v in clean["wandb"].items() if k not in _CREDENTIALS}
    if isinstance(clean.get("logger_config"), Mapping):
        clean["logger_config"] = without_key(clean["logger_config"])
    return clean
