"""The ``wandb`` entry of a trial's config: where it stands, and how it loses its key."""

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
    """Return a config whose ``wandb`` entry, in either place, holds no credential any more.

    In the entry nothing else is called so: they are taken out of the ``settings`` for
    ``wandb.init`` and of what Tune chooses from (``grid_search``) too.
    """
    clean = dict(config)
    if "wandb" in clean:
        clean["wandb"] = _stripped(clean["wandb"])
    if isinstance(clean.get("logger_config"), Mapping):
        clean["logger_config"] = without_key(clean["logger_config"])
    return clean


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _stripped(v) for k, v in value.items() if k not in _CREDENTIALS}
    if type(value) in (list, tuple):
        return type(value)(_stripped(item) for item in value)
    # Only a `wandb.Settings` has both.
    if hasattr(value, "model_fields_set") and hasattr(value, "api_key"):
        return _stripped(settings_argument(value))
    return value
