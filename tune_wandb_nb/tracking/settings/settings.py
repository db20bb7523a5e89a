import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tracking.settings.api_key import ApiKey, show
from tune_wandb_nb.tracking.settings.checks import CHECKS, Mode, SettingsError, checked_key

__all__ = [
    "CLASSIC_NAMES",
    "OF_TRIAL",
    "Mode",
    "SettingsError",
    "WandbSettings",
    "check_project",
    "checked_key",
    "settings_argument",
    "with_open_run",
]

_EMPTY: Mapping[str, Any] = MappingProxyType({})

# The last one wins: W&B's own, over Ray's.
_ENVIRONMENT = {
    "project": ("WANDB_PROJECT_NAME", "WANDB_PROJECT"),
    "group": ("WANDB_GROUP_NAME", "WANDB_RUN_GROUP"),
    "mode": ("WANDB_MODE",),
    "dir": ("WANDB_DIR",),
    "host": ("WANDB_BASE_URL",),
}
CLASSIC_NAMES = {"run_id": "id", "run_name": "name", "save_checkpoints": "upload_checkpoints"}
"""Names of older Rays -> of today."""
OF_TRIAL = ("group", "job_type", "name", "run_name", "tags", "notes", "dir")
"""Settings that may be a function of the trial."""
_NO_PROJECT = "uncategorized"
"""What W&B calls a project that nobody has named."""
_EMPTY_IS_NONE = ("api_key", "api_key_file", "group", "project")


@dataclass(frozen=True, slots=True)
class WandbSettings:
    """Everything that decides how one trial is tracked, checked; ``init`` is for ``wandb.init``."""

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
    log_output: bool = False
    video_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    image_kwargs: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    sweep: bool | Mapping[str, Any] = False
    view: bool = False
    search_run: bool | Callable[..., None] = False
    init: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    @property
    def first_best(self) -> tuple[str, str] | None:
        return next(iter(self.best.items()), None)

    @classmethod
    def resolve(
        cls, arguments: Mapping[str, Any], entry: object = None, environ: Mapping[str, str] = _EMPTY
    ) -> "WandbSettings":
        """Merge key by key: the entry wins, then the arguments, then ``environ``.

        None, a function of the trial and some empty texts mean "not given". The strongest source
        that names an API key or a key file gives the credential.
        """
        named = ((name, v) for name, variables in _ENVIRONMENT.items() for v in variables)
        merged: dict[str, Any] = {name: environ[v] for name, v in named if environ.get(v)}
        for source in (arguments, _as_entry(entry)):
            values = _given(source)
            _move_key(values)
            if "api_key" in values or "api_key_file" in values:
                merged.pop("api_key", None)
                merged.pop("api_key_file", None)
            merged.update(values)
        own = {f.name for f in fields(cls)} - {"init"}
        checked: dict[str, Any] = {k: CHECKS[k](k, v) for k, v in merged.items() if k in own}
        init = {k: v for k, v in merged.items() if k not in own}
        if checked.get("upload_checkpoints") == "best" and not checked.get("best"):
            raise SettingsError(
                "upload_checkpoints='best' needs a metric to judge by; add best={'accuracy': 'max'}"
                " (or 'min'), with your metric."
            )
        return cls(**checked, init=MappingProxyType(init))

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # A mappingproxy cannot be pickled, and the key must not be.
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["api_key"] = None
        plain = {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in values.items()}
        return (_rebuild, (plain,))


def check_project(settings: WandbSettings, *, way: str = "") -> None:
    if settings.project is None and settings.mode != "disabled":
        raise SettingsError(
            f"no W&B project was given; {way}put {{'wandb': {{'project': 'my-project'}}}} into the"
            " config, or set WANDB_PROJECT."
        )


def with_open_run(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add project and entity of ``wandb.run``, beside which a notebook's search is expected."""
    run = getattr(sys.modules.get("wandb"), "run", None)
    if run is None or run.disabled:
        return arguments
    project = None if run.project == _NO_PROJECT else run.project
    found = {"project": project, "entity": run.entity}
    missing = {name: value for name, value in found.items() if value and not arguments.get(name)}
    return {**arguments, **missing}


def _rebuild(values: dict[str, Any]) -> WandbSettings:
    frozen: dict[str, Any] = {
        k: MappingProxyType(v) if isinstance(v, dict) else v for k, v in values.items()
    }
    return WandbSettings(**frozen)


def _given(source: Mapping[str, Any]) -> dict[str, Any]:
    given = {}
    for name, value in source.items():
        is_blank = name in _EMPTY_IS_NONE and isinstance(value, str) and not value.strip()
        is_off = name == "save_checkpoints" and not value
        if value is None or is_blank or is_off or (name in OF_TRIAL and callable(value)):
            continue
        if name == "save_checkpoints":
            warnings.warn(
                "save_checkpoints is upload_checkpoints by now, in Ray too; write"
                " upload_checkpoints=True.",
                FutureWarning,
                stacklevel=4,
            )
        given[CLASSIC_NAMES.get(name, name)] = value
    return given


def _as_entry(entry: object) -> Mapping[str, Any]:
    if isinstance(entry, Mapping | None):
        return entry or _EMPTY
    raise SettingsError(
        "the 'wandb' entry of the config must be a dictionary such as"
        f" {{'project': 'my-project'}}, but it is a {type(entry).__name__}."
    )


def settings_argument(settings: Any) -> dict[str, Any]:
    if isinstance(settings, Mapping | None):
        return dict(settings or {})
    # wandb is not imported here.
    if not hasattr(settings, "model_fields_set"):
        raise SettingsError(
            f"settings must be a dictionary or a wandb.Settings, but got {show(settings)}."
        )
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def _move_key(values: dict[str, Any]) -> None:
    if "settings" in values:
        settings = settings_argument(values.pop("settings"))
        found = settings.pop("api_key", None)
        if settings:
            values["settings"] = settings
        if found is not None:
            key = CHECKS["api_key"]("the api_key in settings", found)
            if key != CHECKS["api_key"]("api_key", values.setdefault("api_key", key)):
                raise SettingsError("api_key and the api_key in settings differ; keep one of them.")
    if "api_key" in values and "api_key_file" in values:
        raise SettingsError(
            "both api_key and api_key_file are given; keep one of them"
            " (api_key_file keeps the key out of your notebook)."
        )
