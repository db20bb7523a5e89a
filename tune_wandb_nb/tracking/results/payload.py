import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from numbers import Real
from typing import Any

import numpy as np

from tune_wandb_nb.compat.wandb_names import RESERVED_METRICS, is_data_type

__all__ = ["AUTO_CONFIG_KEYS", "BestSoFar", "Excludes", "Media", "Payload", "Splitter", "flatten"]

AUTO_CONFIG_KEYS = frozenset(
    {"trial_id", "experiment_tag", "experiment_id", "node_ip", "hostname", "pid", "date"}
)
"""What Tune adds to each result and is no progress."""
_NUMBERS = frozenset({float, int, bool})
_TUNE_INTERNAL = frozenset({"done", "should_checkpoint", "checkpoint_dir_name", "config"})
_NOT_HYPERPARAMETERS = frozenset({"wandb", "logger_config", "callbacks"})
_IMAGE, _IMAGES, _VIDEOS = 3, 4, 5


@dataclass(frozen=True, slots=True)
class Media:
    """What is logged as a W&B object; ``kind`` says what ``array`` is.

    "image" (H, W, C; or an object of matplotlib or PIL), "images" (N, H, W, C), "videos" (N, T, C,
    H, W), "plotly" (its figure).
    """

    kind: str
    array: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payload:
    """One result; ``dropped`` maps a name to the value's type or the reason.

    Texts go to the summary: W&B draws no charts of them.
    """

    metrics: dict[str, Any]
    config: dict[str, Any]
    texts: dict[str, str]
    dropped: dict[str, str]


class Excludes:
    """Matches names by name, prefix ("info/learner") or glob ("info/*")."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = tuple(pattern.rstrip("/") or pattern for pattern in patterns)
        self._cache: dict[str, bool] = {}

    def matches(self, name: str) -> bool:
        if not self._patterns:
            return False
        is_match = self._cache.get(name)
        if is_match is None:
            is_match = self._cache[name] = any(
                name == p or name.startswith(p + "/") or fnmatchcase(name, p)
                for p in self._patterns
            )
        return is_match

    def prune(self, config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        kept = {}
        for key, value in config.items():
            name = f"{prefix}{key}"
            if not self.matches(name):
                kept[key] = self.prune(value, f"{name}/") if isinstance(value, Mapping) else value
        return kept


class Splitter:
    def __init__(self, excludes: Excludes, *, log_config: bool = False) -> None:
        self._excludes = excludes
        self._log_config = log_config
        self._wandb_types: dict[type, bool] = {}

    def split(self, result: Mapping[str, Any]) -> Payload:
        payload = Payload({}, {}, {}, {})
        for key, value in result.items():
            if key in AUTO_CONFIG_KEYS:
                if not self._excludes.matches(key):
                    payload.config[key] = value
            elif key not in _TUNE_INTERNAL:
                self._add(str(key), value, payload)
        if self._log_config:
            self._add_config(result.get("config"), payload)
        return payload

    def _add(self, key: str, value: Any, payload: Payload) -> None:
        plain = type(value) in _NUMBERS
        if not plain and isinstance(value, Mapping):
            for inner, inner_value in value.items():
                self._add(f"{key}/{inner}", inner_value, payload)
        elif self._excludes.matches(key):
            return
        elif key in RESERVED_METRICS:
            payload.dropped[key] = "a name W&B keeps for itself"
        elif key in payload.metrics or key in payload.texts:
            # {"a/b": 1, "a": {"b": 2}}: the first value wins.
            payload.dropped[key] = "a second value of that name"
        elif plain:
            payload.metrics[key] = value
        elif isinstance(value, str):
            payload.texts[key] = str(value)
        elif (loggable := self._loggable(value)) is not None:
            payload.metrics[key] = loggable
        else:
            payload.dropped[key] = type(value).__name__

    def _add_config(self, config: object, payload: Payload) -> None:
        for key, value in flatten(config) if isinstance(config, Mapping) else ():
            if key.split("/", 1)[0] in _NOT_HYPERPARAMETERS or self._excludes.matches(key):
                continue
            if (number := _number(value)) is not None:
                self._add(f"config/{key}", number, payload)

    def _loggable(self, value: Any) -> Any:
        if (number := _number(value)) is not None:
            return number
        if isinstance(value, np.ndarray):
            return _media(value)
        if self._is_wandb_type(type(value)):
            return value
        if (kind := _kind_of_picture(type(value))) is not None:
            return Media(kind, value)
        are_media = isinstance(value, list | tuple) and all(
            self._is_wandb_type(type(item)) for item in value
        )
        return list(value) if are_media and value else None

    def _is_wandb_type(self, kind: type) -> bool:
        is_wandb = self._wandb_types.get(kind)
        if is_wandb is None:
            is_wandb = self._wandb_types[kind] = is_data_type(kind)
        return is_wandb


class BestSoFar:
    def __init__(self, modes: Mapping[str, str], best: Mapping[str, float] | None = None) -> None:
        self._modes = modes
        self._best: dict[str, float] = dict(best or {})

    def update(self, metrics: Mapping[str, Any], iteration: int) -> dict[str, float]:
        changes: dict[str, float] = {}
        for metric, mode in self._modes.items():
            value = metrics.get(metric)
            if not isinstance(value, int | float) or (
                # `isnan` fails for an int too large for a float.
                isinstance(value, float) and math.isnan(value)
            ):
                continue
            best = self._best.get(metric)
            if best is None or (value > best if mode == "max" else value < best):
                self._best[metric] = value
                changes[f"best/{metric}"] = value
                changes[f"best/{metric}_iteration"] = iteration
        return changes

    def values(self) -> dict[str, float]:
        return dict(self._best)


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}/")
        else:
            yield name, value


def _number(value: Any) -> int | float | bool | None:
    try:
        return _converted(value)
    except Exception:
        # A signalling NaN, a fraction too large for a float, a tensor without data, and the like.
        return None


def _converted(value: Any) -> int | float | bool | None:
    if not isinstance(value, int | float) and _is_scalar(value):
        value = value.item()
    if isinstance(value, bool):
        return value
    # Of subclasses (IntEnum, numpy.float64) the built-in type.
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float | Decimal | Real) else None


def _is_scalar(value: Any) -> bool:
    if isinstance(value, np.generic):
        return True
    numel = getattr(value, "numel", None)
    size = numel() if callable(numel) else getattr(value, "size", None)
    return isinstance(size, int) and size == 1 and callable(getattr(value, "item", None))


def _kind_of_picture(kind: type) -> str | None:
    """Recognize a picture by its class's name: no library is imported."""
    package = kind.__module__.partition(".")[0]
    names = {base.__name__ for base in kind.__mro__}
    if (package == "matplotlib" and "Figure" in names) or (package == "PIL" and "Image" in names):
        return "image"
    return "plotly" if package == "plotly" and "BaseFigure" in names else None


def _media(array: "np.ndarray[Any, Any]") -> Media | None:
    if array.dtype.kind not in "biuf":
        return None
    kinds = {_IMAGE: "image", _IMAGES: "images", _VIDEOS: "videos"}
    kind = kinds.get(array.ndim)
    return Media(kind, array) if kind and array.size else None
