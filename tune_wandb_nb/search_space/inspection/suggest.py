import re
from collections.abc import Callable
from typing import Any, TypeAlias

from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Distribution
from tune_wandb_nb.search_space.distributions.ranges import LogUniform, RandInt, Uniform
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.inspection.detect import Hyperparameter

__all__ = ["suggest"]

_NO_DEFAULT = object()
_SMALL = 0.01  # smaller defaults are searched by order of magnitude

_Suggestion: TypeAlias = Callable[[Any], Distribution | None]


def suggest(hyperparameter: Hyperparameter) -> Distribution:
    default = hyperparameter.default if hyperparameter.has_default else _NO_DEFAULT
    # learningRate becomes learning_rate.
    last = hyperparameter.name.split("/")[-1]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).lower()
    try:
        for pattern, by_name in _BY_NAME.items():
            if re.search(rf"(^|_)({pattern})\d*(_|$)", name):
                suggestion = by_name(default)
                if suggestion is not None:
                    return suggestion
        return _by_default(default)
    except (SpaceError, OverflowError):  # bounds too large for floats or 64-bit integers
        return Constant(default)


def _by_default(default: Any) -> Distribution:
    if default is _NO_DEFAULT:
        return Uniform(0, 1)
    if isinstance(default, bool):
        return Choice((default, not default))
    if isinstance(default, int):
        lower, upper = sorted((default // 2, default * 2))
        return RandInt(max(lower, 1) if default > 0 else lower, upper + 1 if default else 11)
    if isinstance(default, float):
        if 0 < default < _SMALL:
            return _decade_around(default)
        return Uniform(0, 1) if 0 <= default <= 1 else Uniform(*sorted((default / 2, default * 2)))
    return Constant(default)


def _decade_around(default: float) -> Distribution:
    lower, upper = (float(f"{end:.3g}") for end in (default / 10, default * 10))
    return LogUniform(lower, upper)


def _log(lower: float, upper: float) -> _Suggestion:
    def by_name(default: Any) -> Distribution | None:
        if default is _NO_DEFAULT:
            return LogUniform(lower, upper)
        return _decade_around(default) if _is_number(default) and default > 0 else None

    return by_name


def _between(lower: float, upper: float) -> _Suggestion:
    def by_name(default: Any) -> Distribution | None:
        fits = default is _NO_DEFAULT or (_is_number(default) and lower <= default <= upper)
        return Uniform(lower, upper) if fits else None

    return by_name


def _doubling(usual: int) -> _Suggestion:
    def by_name(default: Any) -> Distribution | None:
        middle = usual if default is _NO_DEFAULT else default
        if not _is_number(middle) or not isinstance(middle, int) or middle < 1:
            return None
        return Choice((middle // 2, middle, middle * 2) if middle > 1 else (1, 2, 4))

    return by_name


def _few(default: Any) -> Distribution | None:
    return RandInt(1, 6) if default is _NO_DEFAULT else None


def _fixed(usual: int) -> _Suggestion:
    return lambda default: Constant(usual if default is _NO_DEFAULT else default)


def _words(*usual: str) -> _Suggestion:
    def by_name(default: Any) -> Distribution | None:
        if default is _NO_DEFAULT:
            return Choice(usual)
        if not isinstance(default, str):
            return None
        return Choice((default, *(word for word in usual if word != default)))

    return by_name


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# The first pattern that matches a part of the name decides.
_BY_NAME: dict[str, _Suggestion] = {
    "epochs?|iterations?|iters?|steps?": _fixed(10),
    "seed|random_state|workers": _fixed(0),
    "lr|learning_rate": _log(1e-5, 1e-1),
    "weight_decay|wd|l1|l2|reg|regularization|alpha|lambda|lambd|eps|epsilon": _log(1e-6, 1e-2),
    "dropout|drop|dropout_rate": _between(0, 0.5),
    "momentum": _between(0.5, 0.99),
    "gamma|discount|beta": _between(0.9, 0.999),
    "batch|batch_size": _doubling(64),
    "hidden|units?|width|dim|channels?|features?|neurons?|embedding": _doubling(128),
    "layers?|depth|blocks?|heads?": _few,
    "optimizer|optim|solver": _words("adam", "sgd"),
    "activation|act|nonlinearity": _words("relu", "tanh", "gelu"),
}
