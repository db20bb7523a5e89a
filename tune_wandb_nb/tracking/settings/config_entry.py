import warnings
from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import ApiKey, show
from tune_wandb_nb.tracking.settings.init_arguments import closest_argument, unknown_arguments
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings, settings_argument

__all__ = ["entry_of", "own_entry", "own_entry_notice", "warn_of_exposed_key", "without_key"]

_TYPO = 0.8
"""The similarity of a mistyped name: "projct" is one, "project_name" is not."""
_CREDENTIALS = frozenset({"api_key", "api_key_file"})
_FILES = (
    "tuner.pkl, params.json, params.pkl, result.json, experiment_state-*.json and"
    " basic-variant-state-*.json"
)
_warned: set[ApiKey] = set()


def entry_of(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the settings in the ``wandb`` entry of a config, or (RLlib) of its logger_config."""
    entry = _entry(config)
    return entry if isinstance(entry, Mapping) and not _unlike_settings(entry) else None


def own_entry(config: Mapping[str, Any]) -> str | None:
    """Return why the ``wandb`` entry of a config is no settings but the user's own, if it is.

    A name that resembles a setting is a mistake, which `check_init_arguments` names.
    """
    entry = _entry(config)
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        return f"it is {show(entry)}"
    names = _unlike_settings(entry)
    return f"it has {', '.join(map(show, names))}" if names else None


def own_entry_notice(config: Mapping[str, Any]) -> str | None:
    if (reason := own_entry(config)) is None:
        return None
    return (
        f"the config's 'wandb' entry is no settings, for {reason}; it is logged as a"
        " hyperparameter."
    )


def _entry(config: Mapping[str, Any]) -> Any:
    if config.get("wandb") is not None:
        return config["wandb"]
    logger_config = config.get("logger_config")
    return logger_config.get("wandb") if isinstance(logger_config, Mapping) else None


def _unlike_settings(entry: Mapping[str, Any]) -> list[object]:
    unknown = unknown_arguments(entry)
    return [] if any(closest_argument(name, _TYPO) for name in unknown) else unknown


def without_key(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy without credentials at any depth of its ``wandb`` entry."""
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
    # A `wandb.Settings`: wandb is not imported here.
    if hasattr(value, "model_fields_set") and hasattr(value, "api_key"):
        return _without_credentials(settings_argument(value))
    return value


def warn_of_exposed_key(config: Mapping[str, Any]) -> None:
    """Warn, once for each key: Tune writes the config before it calls any callback."""
    try:
        key = WandbSettings.resolve({}, entry_of(config)).api_key
    except SettingsError:
        return
    if key is None or key in _warned:
        return
    _warned.add(key)
    warnings.warn(
        "there is an API key in the 'wandb' entry of the config, and Tune writes its config as it"
        f" is into {_FILES}, in the storage path and in Ray's session folder. Take it out, delete"
        " those files, and call tune_wandb_nb.login(), set WANDB_API_KEY or give api_key_file; or"
        " search with tune_wandb_nb.run (tw.run), which takes it out before Tune sees it.",
        stacklevel=2,
    )
