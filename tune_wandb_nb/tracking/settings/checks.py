import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from os import fspath
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from tune_wandb_nb.tracking.settings.api_key import ApiKey, describe_bad_key, show

__all__ = ["CHECKS", "Mode", "SettingsError", "check_writable", "checked_key"]

Mode = Literal["online", "offline", "disabled"]

_MODES = {mode: mode for mode in ("online", "offline", "disabled")}
_MODES |= {"run": "online", "dryrun": "offline"}
_FORBIDDEN_IN_PROJECT = "/\\#?%:"
_LONGEST_PROJECT = 128


class SettingsError(ValueError):
    """A setting of the tracker is wrong; the message says which, why, and what to do."""

    __module__ = "tune_wandb_nb"  # By which Ray pickles the error of a trial.


def checked_key(value: object, claim: str) -> ApiKey:
    """``claim`` starts the error: "api_key does not look like"."""
    if isinstance(value, ApiKey):
        return value
    text = value.strip() if isinstance(value, str) else value
    if problem := describe_bad_key(text):
        raise SettingsError(
            f"{claim} a W&B API key (40 or more letters and digits, perhaps after a prefix and a"
            f" dash): {problem}. Copy it from https://wandb.ai/authorize."
        )
    return ApiKey(str(text))


def check_writable(folder: str) -> None:
    """Refuse a folder in which no file can be created; a missing one is created."""
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise SettingsError(
            f"dir {show(folder)} cannot be written ({error.strerror}); give a folder that can, or"
            " leave it out for ./wandb."
        ) from None


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{name} must be a non-empty string, but got {show(value)}.")
    return value


def _project(name: str, value: object) -> str:
    # As in wandb.Settings.validate_project.
    text = _text(name, value)
    forbidden = sorted(set(text) & set(_FORBIDDEN_IN_PROJECT))
    if forbidden:
        raise SettingsError(
            f"W&B refuses the project name {show(text)}: it must not hold any of"
            f" {' '.join(_FORBIDDEN_IN_PROJECT)}, but it holds {' '.join(forbidden)}."
            " (The team goes into entity=...)"
        )
    if len(text) > _LONGEST_PROJECT:
        raise SettingsError(
            f"W&B refuses project names over {_LONGEST_PROJECT} characters; this has {len(text)}."
        )
    return text


def _key(name: str, value: object) -> ApiKey:
    return checked_key(value, f"{name} does not look like")


def _path(name: str, value: object) -> str:
    try:
        return _text(name, fspath(cast("Any", value)))
    except TypeError:
        raise SettingsError(f"{name} must be a path, but got {show(value)}.") from None


def _names(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise SettingsError(
            f"{name} must be a list of names, but got the string {show(value)};"
            f" write [{show(value)}]."
        )
    if not isinstance(value, Iterable) or isinstance(value, Mapping | bytes):
        raise SettingsError(f"{name} must be a list of names, but got {show(value)}.")
    return tuple(_text(f"each of {name}", item) for item in value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{name} must be True or False, but got {show(value)}.")
    return value


def _flag_or_options(name: str, value: object) -> bool | Mapping[str, Any]:
    return value if isinstance(value, bool) else _options(name, value)


def _checkpoint_choice(name: str, value: object) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and value in ("best", "last")):
        return value
    raise SettingsError(f"{name} must be True, False, 'best' or 'last', but got {show(value)}.")


def _seconds(name: str, value: object) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
    # An int that is too large for a float (10**400) is less than infinity.
    if not 0 <= number <= sys.float_info.max:
        raise SettingsError(
            f"{name} must be a finite number of seconds, 0 or more, but got {show(value)}."
        )
    return float(number)


def _mode(name: str, value: object) -> Mode:
    if not isinstance(value, str) or value not in _MODES:
        raise SettingsError(
            f"{name} must be 'online', 'offline' or 'disabled', but got {show(value)}."
            " (Leave it out: online with an API key, offline without.)"
        )
    return cast("Mode", _MODES[value])


def _host(name: str, value: object) -> str:
    text = _text(name, value)
    if not re.match(r"https?://[^/?#\s]", text):
        raise SettingsError(
            f"{name} must be the address of a W&B server that starts with https:// (or http://),"
            f" but got {show(text)}."
        )
    return text.rstrip("/")


def _best_modes(name: str, value: object) -> Mapping[str, str]:
    if isinstance(value, Mapping) and all(
        isinstance(metric, str) and metric and mode in ("min", "max")
        for metric, mode in value.items()
    ):
        return MappingProxyType(dict(value))
    raise SettingsError(
        f"{name} must say for each metric whether 'min' or 'max' is best, such as"
        f" {{'accuracy': 'max'}}, but got {show(value)}."
    )


def _flag_or_function(name: str, value: object) -> bool | Callable[..., None]:
    return value if callable(value) else _flag(name, value)


def _options(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{name} must be a dictionary, but got {show(value)}.")
    return MappingProxyType(dict(value))


# Each takes a setting's name and value, and returns a usable value or raises a SettingsError.
CHECKS: Mapping[str, Callable[[str, object], Any]] = {
    "project": _project,
    "group": _text,
    "api_key": _key,
    "api_key_file": _path,
    "excludes": _names,
    "log_config": _flag,
    "best": _best_modes,
    "upload_checkpoints": _checkpoint_choice,
    "upload_timeout": _seconds,
    "mode": _mode,
    "host": _host,
    "dir": _path,
    "log_output": _flag,
    "video_kwargs": _options,
    "image_kwargs": _options,
    "sweep": _flag_or_options,
    "view": _flag,
    "search_run": _flag_or_function,
}
