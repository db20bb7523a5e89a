"""The tracking settings of a search: what is ours, what goes to ``wandb.init``, checked."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from os import fspath
from types import MappingProxyType
from typing import Any, Literal, cast

from tune_wandb_nb.tracking.apikey import ApiKey, describe_bad_key, show

__all__ = [
    "CLASSIC_NAMES",
    "Mode",
    "SettingsError",
    "WandbSettings",
    "checked_key",
    "settings_argument",
]

Mode = Literal["online", "offline", "disabled"]

_MODES = {
    "online": "online",
    "run": "online",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
_PROJECT_REFUSED = "/\\#?%:"
_PROJECT_LONGEST = 128
_EMPTY: Mapping[str, Any] = MappingProxyType({})

# The first variable that is set wins: W&B's own name, then the name Ray gave it.
_ENVIRONMENT = {
    "project": ("WANDB_PROJECT", "WANDB_PROJECT_NAME"),
    "group": ("WANDB_RUN_GROUP", "WANDB_GROUP_NAME"),
    "mode": ("WANDB_MODE",),
    "dir": ("WANDB_DIR",),
    "host": ("WANDB_BASE_URL",),
}
CLASSIC_NAMES = {"run_id": "id", "run_name": "name"}
"""Names of the classic documentation, and what ``wandb.init`` calls them."""


class SettingsError(ValueError):
    """A setting of the tracker is wrong; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class WandbSettings:
    """Everything that decides how one trial is tracked, each value checked.

    ``init`` holds what goes to ``wandb.init`` as it is (``tags``, ``entity``, ``notes``, ``id``,
    ``name``, ...). Made with `resolve`, from the arguments of a logger, the ``wandb`` entry of a
    trial's config, and the environment.
    """

    project: str | None = None
    group: str | None = None
    api_key: ApiKey | None = None
    api_key_file: str | None = None
    excludes: tuple[str, ...] = ()
    log_config: bool = False
    best: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    upload_checkpoints: bool = False
    upload_timeout: float = 60.0
    mode: Mode | None = None
    host: str | None = None
    dir: str | None = None
    video_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    image_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    init: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    @classmethod
    def resolve(
        cls,
        arguments: Mapping[str, Any],
        entry: object = None,
        environ: Mapping[str, str] = _EMPTY,
    ) -> "WandbSettings":
        """Merge three sources key by key: the entry wins, then the arguments, then ``environ``.

        A value of None means "not given". Where one source names an API key and a weaker source
        names a key file (or the other way round), the stronger source's credential is used. A key
        in wandb's own ``settings`` counts as the source's ``api_key``, and is kept as that.

        Raises:
            SettingsError: a value that cannot be used, in words.

        Example:
            >>> WandbSettings.resolve({"project": "digits"}, {"project": "mnist"}).project
            'mnist'
        """
        merged: dict[str, Any] = {}
        for name, variables in _ENVIRONMENT.items():
            found = next((environ[v] for v in variables if environ.get(v)), None)
            if found is not None:
                merged[name] = found
        for layer in (arguments, _as_entry(entry)):
            given = {CLASSIC_NAMES.get(k, k): v for k, v in layer.items() if v is not None}
            _gather_key(given)
            if "api_key" in given or "api_key_file" in given:
                merged.pop("api_key", None)
                merged.pop("api_key_file", None)
            merged.update(given)
        ours = {f.name for f in fields(cls)} - {"init"}
        checked: dict[str, Any] = {k: _CHECKS[k](k, v) for k, v in merged.items() if k in ours}
        rest = {k: v for k, v in merged.items() if k not in ours}
        return cls(**checked, init=MappingProxyType(rest))

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # A mappingproxy does not pickle; the key must not.
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["api_key"] = None
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in values.items()}
        return (_rebuild, (plain,))


def _rebuild(values: dict[str, Any]) -> WandbSettings:
    frozen: dict[str, Any] = {
        k: MappingProxyType(v) if isinstance(v, dict) else v for k, v in values.items()
    }
    return WandbSettings(**frozen)


def _as_entry(entry: object) -> Mapping[str, Any]:
    if entry is None:
        return _EMPTY
    if not isinstance(entry, Mapping):
        raise SettingsError(
            "the 'wandb' entry of the config must be a dictionary such as"
            f" {{'project': 'my-project'}}, but it is a {type(entry).__name__}."
        )
    return entry


def settings_argument(settings: Any) -> dict[str, Any]:
    """Return what was set in the ``settings`` argument of ``wandb.init``, in either form."""
    if settings is None:
        return {}
    if isinstance(settings, Mapping):
        return dict(settings)
    # Known by what it has, so that this module needs no wandb.
    if not hasattr(settings, "model_fields_set"):
        raise SettingsError(
            f"settings must be a dictionary or a wandb.Settings, but got {show(settings)}."
        )
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def checked_key(value: object, claim: str) -> ApiKey:
    """Return a value as a key, or raise what starts with ``claim`` ("api_key is not")."""
    if isinstance(value, ApiKey):
        return value
    text = value.strip() if isinstance(value, str) else value
    if problem := describe_bad_key(text):
        raise SettingsError(
            f"{claim} a W&B API key (40 or more letters and digits, perhaps after a prefix and a"
            f" dash): {problem}. Copy it from https://wandb.ai/authorize."
        )
    return ApiKey(str(text))


def _gather_key(given: dict[str, Any]) -> None:
    """Make the key of one source its ``api_key``, wherever it stands there."""
    if "settings" in given:
        inner = settings_argument(given.pop("settings"))
        found = inner.pop("api_key", None)
        if inner:
            given["settings"] = inner
        if found is not None:
            key = _key("the api_key in settings", found)
            if key != _key("api_key", given.setdefault("api_key", key)):
                raise SettingsError("api_key and the api_key in settings differ; keep one of them.")
    if "api_key" in given and "api_key_file" in given:
        raise SettingsError(
            "both api_key and api_key_file are given; keep one of them"
            " (api_key_file keeps the key out of your notebook)."
        )


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{name} must be a non-empty string, but got {show(value)}.")
    return value


def _project(name: str, value: object) -> str:
    # The rule of wandb.Settings.validate_project.
    text = _text(name, value)
    refused = sorted(set(text) & set(_PROJECT_REFUSED))
    if refused:
        raise SettingsError(
            f"W&B refuses the project name {show(text)}: it must not hold any of"
            f" {' '.join(_PROJECT_REFUSED)}, but it holds {' '.join(refused)}."
            " (The team goes into entity=...)"
        )
    if len(text) > _PROJECT_LONGEST:
        raise SettingsError(
            f"W&B refuses project names over {_PROJECT_LONGEST} characters; this has {len(text)}."
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


def _seconds(name: str, value: object) -> float:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
    # Not infinity: a whole number that is too big for a float is below that.
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


def _best(name: str, value: object) -> Mapping[str, str]:
    if isinstance(value, Mapping) and all(
        isinstance(metric, str) and metric and mode in ("min", "max")
        for metric, mode in value.items()
    ):
        return MappingProxyType(dict(value))
    raise SettingsError(
        f"{name} must say for each metric whether 'min' or 'max' is best, such as"
        f" {{'accuracy': 'max'}}, but got {show(value)}."
    )


def _options(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{name} must be a dictionary, but got {show(value)}.")
    return MappingProxyType(dict(value))


_CHECKS = {
    "project": _project,
    "group": _text,
    "api_key": _key,
    "api_key_file": _path,
    "excludes": _names,
    "log_config": _flag,
    "best": _best,
    "upload_checkpoints": _flag,
    "upload_timeout": _seconds,
    "mode": _mode,
    "host": _host,
    "dir": _path,
    "video_kwargs": _options,
    "image_kwargs": _options,
}
