import warnings
from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

__all__ = ["warn_of_exposed_key"]

_FILES = (
    "tuner.pkl, params.json, params.pkl, result.json, experiment_state-*.json and"
    " basic-variant-state-*.json"
)
_warned: set[ApiKey] = set()


def warn_of_exposed_key(config: Mapping[str, Any]) -> None:
    """Warn, once for each key, if the ``wandb`` entry of a trial's config holds an API key.

    Tune writes the config before it calls any callback: the key cannot be removed in time.
    """
    try:
        key = WandbSettings.resolve({}, entry_of(config)).api_key
    except SettingsError:
        # The caller resolves the same settings and reports the error.
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
