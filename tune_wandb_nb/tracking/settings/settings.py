"""The tracking settings of a search: what is ours, what goes to ``wandb.init``, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import ApiKey, show
from tune_wandb_nb.tracking.settings.checks import CHECKS, Mode, SettingsError, checked_key

__all__ = [
    "CLASSIC_NAMES",
    "Mode",
    "SettingsError",
    "WandbSettings",
    "check_project",
    "checked_key",
    "settings_argument",
]

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
    upload_checkpoints: bool | str = False
    upload_timeout: float = 60.0
    mode: Mode | None = None
    host: str | None = None
    dir: str | None = None
    video_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    image_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    init: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    @property
    def first_best(self) -> tuple[str, str] | None:
        """The first metric of ``best``, and whether its "min" or "max" is best."""
        return next(iter(self.best.items()), None)

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
        checked: dict[str, Any] = {k: CHECKS[k](k, v) for k, v in merged.items() if k in ours}
        rest = {k: v for k, v in merged.items() if k not in ours}
        if checked.get("upload_checkpoints") == "best" and not checked.get("best"):
            raise SettingsError(
                "upload_checkpoints='best' needs a metric to judge by; add best={'accuracy': 'max'}"
                " (or 'min'), with your metric."
            )
        return cls(**checked, init=MappingProxyType(rest))

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # A mappingproxy does not pickle; the key must not.
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["api_key"] = None
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in values.items()}
        return (_rebuild, (plain,))


def check_project(settings: WandbSettings) -> None:
    """Refuse settings without a project.

    Raises:
        SettingsError: they name none, and neither does the environment.
    """
    if settings.project is None and settings.mode != "disabled":
        raise SettingsError(
            "no W&B project was given; put {'wandb': {'project': 'my-project'}} into the config, or"
            " set WANDB_PROJECT."
        )


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


def _gather_key(given: dict[str, Any]) -> None:
    """Make the key of one source its ``api_key``, wherever it stands there."""
    if "settings" in given:
        inner = settings_argument(given.pop("settings"))
        found = inner.pop("api_key", None)
        if inner:
            given["settings"] = inner
        if found is not None:
            key = CHECKS["api_key"]("the api_key in settings", found)
            if key != CHECKS["api_key"]("api_key", given.setdefault("api_key", key)):
                raise SettingsError("api_key and the api_key in settings differ; keep one of them.")
    if "api_key" in given and "api_key_file" in given:
        raise SettingsError(
            "both api_key and api_key_file are given; keep one of them"
            " (api_key_file keeps the key out of your notebook)."
        )
