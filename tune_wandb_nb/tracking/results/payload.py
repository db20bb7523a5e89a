"""One Tune result -> what W&B is to log, what goes to the config, and what was left out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np

from tune_wandb_nb.compat.wandb_names import RESERVED_METRICS, is_data_type

__all__ = [
    "AUTO_CONFIG_KEYS",
    "BestSoFar",
    "Excludes",
    "Media",
    "Payload",
    "Splitter",
    "flatten",
]

AUTO_CONFIG_KEYS = frozenset(
    {"trial_id", "experiment_tag", "experiment_id", "node_ip", "hostname", "pid", "date"}
)
"""What Tune adds to each result that describes the run, not its progress."""

_NUMBERS = frozenset({float, int, bool})
_TUNES_OWN = frozenset({"done", "should_checkpoint", "checkpoint_dir_name", "config"})
_NOT_HYPERPARAMETERS = frozenset({"wandb", "logger_config", "callbacks"})
_IMAGE, _IMAGES, _VIDEOS = 3, 4, 5


@dataclass(frozen=True, slots=True)
class Media:
    """An array to log as images (H, W, C; or N, H, W, C) or videos (N, T, C, H, W)."""

    kind: str
    array: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payload:
    """What one result comes to.

    ``metrics`` is the row to log; ``config`` are the automatic keys; ``texts`` are strings, which
    W&B cannot draw, for the summary; ``dropped`` names what cannot be logged and its type.
    """

    metrics: dict[str, Any]
    config: dict[str, Any]
    texts: dict[str, str]
    dropped: dict[str, str]


class Excludes:
    """Names, nested names ("info/learner") and globs ("info/*") that are not to be logged.

    Example:
        >>> excludes = Excludes(["info", "time_*"])
        >>> excludes.hit("info/learner/loss"), excludes.hit("time_total_s"), excludes.hit("loss")
        (True, True, False)
    """

    __slots__ = ("_known", "_patterns")

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = tuple(pattern.rstrip("/") or pattern for pattern in patterns)
        self._known: dict[str, bool] = {}

    def hit(self, name: str) -> bool:
        """Tell whether ``name``, or a dictionary that it is in, is excluded."""
        if not self._patterns:
            return False
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = any(
                name == p or name.startswith(p + "/") or fnmatchcase(name, p)
                for p in self._patterns
            )
        return known

    def prune(self, config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """Return a nested dictionary without what is excluded."""
        kept = {}
        for key, value in config.items():
            name = f"{prefix}{key}"
            if not self.hit(name):
                kept[key] = self.prune(value, f"{name}/") if isinstance(value, Mapping) else value
        return kept


class Splitter:
    """Splits each result of one search; remembers per type how a value is treated."""

    __slots__ = ("_excludes", "_kinds", "_log_config")

    def __init__(self, excludes: Excludes, *, log_config: bool = False) -> None:
        self._excludes = excludes
        self._log_config = log_config
        self._kinds: dict[type, str] = {}

    def split(self, result: Mapping[str, Any]) -> Payload:
        """Split one result as Tune reports it, nested dictionaries joined with "/"."""
        payload = Payload({}, {}, {}, {})
        for key, value in result.items():
            if key in AUTO_CONFIG_KEYS:
                if not self._excludes.hit(key):
                    payload.config[key] = value
            elif key not in _TUNES_OWN:
                self._place(str(key), value, payload)
        if self._log_config:
            self._place_config(result.get("config"), payload)
        return payload

    def _place(self, key: str, value: Any, payload: Payload) -> None:
        plain = type(value) in _NUMBERS
        if not plain and isinstance(value, Mapping):
            for inner, inner_value in value.items():
                self._place(f"{key}/{inner}", inner_value, payload)
        elif self._excludes.hit(key):
            return
        elif key in RESERVED_METRICS:
            payload.dropped[key] = "a name W&B keeps for itself"
        elif key in payload.metrics or key in payload.texts:
            # {"a/b": 1, "a": {"b": 2}}: W&B has one place for both, which the first one keeps.
            payload.dropped[key] = "a second value of that name"
        elif plain:
            payload.metrics[key] = value
        elif isinstance(value, str):
            payload.texts[key] = str(value)
        elif (loggable := self._loggable(value)) is not None:
            payload.metrics[key] = loggable
        else:
            payload.dropped[key] = type(value).__name__

    def _place_config(self, config: object, payload: Payload) -> None:
        if not isinstance(config, Mapping):
            return
        for key, value in flatten(config):
            if key.split("/", 1)[0] in _NOT_HYPERPARAMETERS or self._excludes.hit(key):
                continue
            number = _number(value)
            if number is not None:
                self._place(f"config/{key}", number, payload)

    def _loggable(self, value: Any) -> Any:
        number = _number(value)
        if number is not None:
            return number
        if isinstance(value, np.ndarray):
            return _media(value)
        if self._is_wandb_type(type(value)):
            return value
        if (
            isinstance(value, list | tuple)
            and value
            and all(self._is_wandb_type(type(item)) for item in value)
        ):
            return list(value)
        return None

    def _is_wandb_type(self, kind: type) -> bool:
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = "wandb" if is_data_type(kind) else "other"
        return known == "wandb"


class BestSoFar:
    """The best value of chosen metrics in one trial, and the iteration it came at.

    Example:
        >>> best = BestSoFar({"accuracy": "max"})
        >>> best.update({"accuracy": 0.5}, 1)
        {'best/accuracy': 0.5, 'best/accuracy_iteration': 1}
        >>> best.update({"accuracy": 0.4}, 2)
        {}
    """

    __slots__ = ("_best", "_modes")

    def __init__(self, modes: Mapping[str, str], best: Mapping[str, float] | None = None) -> None:
        self._modes = modes
        self._best: dict[str, float] = dict(best or {})

    def update(self, metrics: Mapping[str, Any], iteration: int) -> dict[str, float]:
        """Return what a row's metrics change in the summary: nothing where none is better."""
        changes: dict[str, float] = {}
        for metric, mode in self._modes.items():
            value = metrics.get(metric)
            if not isinstance(value, int | float) or (
                # Only floats are asked: a whole number may be too big to become one.
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
        """Return the best values so far, by metric."""
        return dict(self._best)


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the values of a nested dictionary with their names joined by "/"."""
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}/")
        else:
            yield name, value


def _number(value: Any) -> int | float | bool | None:
    """Turn anything that is one real number into Python's own; None for everything else."""
    try:
        return _read_number(value)
    except Exception:
        # A signalling NaN, a fraction beyond floats, a tensor without data: a type's own trouble
        # is no trouble of the search.
        return None


def _read_number(value: Any) -> int | float | bool | None:
    if isinstance(value, int | float):
        return _plain(value)
    if _is_scalar(value):
        value = value.item()
    if isinstance(value, int | float):
        return _plain(value)
    return float(value) if isinstance(value, Decimal | Fraction | Real) else None


def _plain(value: float) -> int | float:
    """Return a number of a subclass (an IntEnum, numpy's float64) as the plain number it is."""
    if isinstance(value, bool):
        return value
    return int(value) if isinstance(value, int) else float(value)


def _is_scalar(value: Any) -> bool:
    """Tell whether a NumPy scalar, or an array or tensor (torch's have numel), is one element."""
    if isinstance(value, np.generic):
        return True
    numel = getattr(value, "numel", None)
    size = numel() if callable(numel) else getattr(value, "size", None)
    return isinstance(size, int) and size == 1 and callable(getattr(value, "item", None))


def _media(array: "np.ndarray[Any, Any]") -> Media | None:
    if array.dtype.kind not in "biuf":
        return None
    kinds = {_IMAGE: "image", _IMAGES: "images", _VIDEOS: "videos"}
    kind = kinds.get(array.ndim)
    return Media(kind, array) if kind and array.size else None
