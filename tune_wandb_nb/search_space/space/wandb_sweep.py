"""W&B includes both ends of a range, and draws whole numbers if ``q`` is a whole number."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Distribution, Grid, Kept
from tune_wandb_nb.search_space.distributions.names import is_key, nest
from tune_wandb_nb.search_space.distributions.registry import field_names, make
from tune_wandb_nb.search_space.distributions.values import SpaceError, real, whole

__all__ = ["expressible", "from_sweep_config", "to_sweep_config"]

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DISTRIBUTIONS = {
    "uniform": "uniform",
    "quniform": "q_uniform",
    "loguniform": "log_uniform_values",
    "qloguniform": "q_log_uniform_values",
    "randn": "normal",
    "qrandn": "q_normal",
    "randint": "int_uniform",
    "qrandint": "q_uniform",
    "lograndint": "q_log_uniform_values",
    "qlograndint": "q_log_uniform_values",
}
_KEYS = {"lower": "min", "upper": "max", "mean": "mu", "sd": "sigma", "q": "q"}
_FLOATS = {
    "uniform": "uniform",
    "q_uniform": "quniform",
    "log_uniform_values": "loguniform",
    "q_log_uniform_values": "qloguniform",
    "inv_log_uniform_values": "loguniform",  # 1/x is log-uniform if x is
    "log_uniform": "loguniform",
    "q_log_uniform": "qloguniform",
    "inv_log_uniform": "loguniform",
    "normal": "randn",
    "q_normal": "qrandn",
}
_WHOLE_NUMBERS = {"q_uniform": "randint", "q_log_uniform_values": "lograndint"}
_LIST_KEYS = {"categorical": ("values",), "constant": ("value",)}
_SUPPORTED = (*_FLOATS, "int_uniform", *_LIST_KEYS)
_DEFAULTS = {"mu": 0.0, "sigma": 1.0, "q": 1.0}
_EXPONENTS = ("log_uniform", "q_log_uniform", "inv_log_uniform")


def to_sweep_config(
    parameters: Mapping[str, Distribution], metric: str | None, mode: str
) -> dict[str, Any]:
    if not parameters:
        raise SpaceError("W&B asks for at least one parameter, but the search space is empty.")
    if mode not in ("min", "max"):
        raise SpaceError(f"mode must be 'min' or 'max', but it is {mode!r}.", field="mode")
    grids = [name for name, distribution in parameters.items() if isinstance(distribution, Grid)]
    drawn = [
        n for n, distribution in parameters.items() if not isinstance(distribution, Grid | Constant)
    ]
    if grids and drawn:
        raise SpaceError(
            "a W&B sweep goes through a grid or draws at random, not both, but this is a grid and"
            f" {drawn[0]!r} is drawn; make the grid a choice.",
            parameter=grids[0],
        )
    config: dict[str, Any] = {"method": "grid" if grids else "random"}
    if metric is not None:
        config["metric"] = {"name": metric, "goal": f"{mode}imize"}
    return {**config, "parameters": _to_level(nest(parameters.items()), "")}


def expressible(
    parameters: Mapping[str, Distribution], leave_out: Callable[[str], None]
) -> dict[str, Distribution]:
    """A grid beside what is drawn becomes a choice; ``leave_out`` gets the errors of others."""
    found: dict[str, Distribution] = {}
    for name, distribution in parameters.items():
        try:
            _to_level(nest([(name, distribution)]), "")
        except SpaceError as error:  # noqa: PERF203 - each has its own error
            leave_out(str(error))
        else:
            found[name] = distribution
    if all(isinstance(each, Grid | Constant) for each in found.values()):
        return found
    return {n: Choice(each.values) if isinstance(each, Grid) else each for n, each in found.items()}


def from_sweep_config(config: Mapping[str, Any]) -> dict[str, Distribution]:
    parameters = config.get("parameters") if isinstance(config, Mapping) else None
    if not isinstance(parameters, Mapping):
        raise SpaceError(
            "a sweep's configuration must be a dictionary with a dictionary 'parameters', but"
            f" 'parameters' is a {type(parameters).__name__}."
        )
    return dict(_from_level(parameters, "", grid=config.get("method") == "grid"))


def _to_level(nested: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    level: dict[str, Any] = {}
    for key, entry in nested.items():
        name = prefix + key
        if not _KEY.fullmatch(key):
            raise SpaceError(
                "names in a W&B sweep start with a letter or _ and hold letters, digits and _.-"
                f" only, but this one holds {key!r}; rename it.",
                field="name",
                parameter=name,
            )
        if isinstance(entry, dict):
            level[key] = {"parameters": _to_level(entry, f"{name}/")}
        else:
            level[key] = _to_spec(name, entry)
    return level


def _to_spec(name: str, distribution: Distribution) -> dict[str, Any]:
    if isinstance(distribution, Kept):
        raise SpaceError(
            f"W&B cannot express {distribution.title}; replace it by a kind of the form.",
            parameter=name,
        )
    if isinstance(distribution, Constant):
        return {"value": _json(name, distribution.value)}
    if isinstance(distribution, Choice | Grid):
        return {"values": [_json(name, value) for value in distribution.values]}
    spec = {_KEYS[field]: value for field, value in distribution.arguments().items()}
    if distribution.kind in _WHOLE_NUMBERS.values():
        spec["max"] -= 1
        if spec["min"] == spec["max"]:
            raise SpaceError(
                f"W&B asks for two values at least, but only {spec['min']} can be drawn; make it"
                " a constant.",
                parameter=name,
            )
        if distribution.kind == "lograndint":
            spec["q"] = 1
    return {"distribution": _DISTRIBUTIONS[distribution.kind], **spec}


def _json(name: str, value: Any) -> Any:
    """Refuse tuples, which JSON and YAML would turn into lists."""
    if isinstance(value, tuple):
        raise SpaceError(
            f"W&B has no tuples, but here is {value!r:.80}; make it a list, or a text that the"
            " training function takes apart.",
            parameter=name,
        )
    if isinstance(value, list):
        return [_json(name, item) for item in value]
    if isinstance(value, dict):
        return {key: _json(name, item) for key, item in value.items()}
    return value


def _from_level(
    parameters: Mapping[str, Any], prefix: str, *, grid: bool
) -> Iterable[tuple[str, Distribution]]:
    for key, spec in parameters.items():
        name = f"{prefix}{key}"
        if not is_key(key):
            raise SpaceError(
                f'a name must be text without "/", but this one is {key!r}; rename it.'
            )
        if not isinstance(spec, Mapping):
            raise SpaceError(
                "a parameter of a sweep is a dictionary such as {'values': [1, 2]}, but this is a"
                f" {type(spec).__name__}.",
                parameter=name,
            )
        if isinstance(spec.get("parameters"), Mapping):
            yield from _from_level(spec["parameters"], f"{name}/", grid=grid)
            continue
        try:
            yield name, _from_spec(dict(spec), grid=grid)
        except SpaceError as error:
            raise error.of(name) from None


def _from_spec(spec: dict[str, Any], *, grid: bool) -> Distribution:
    distribution = spec.pop("distribution", None) or _default_distribution(spec)
    if distribution not in _SUPPORTED:
        raise SpaceError(
            f"Tune cannot express the distribution {distribution!r:.80}; take one of"
            f" {', '.join(_SUPPORTED)}."
        )
    keys = _keys_of(distribution)
    spec = {**{key: _DEFAULTS[key] for key in keys if key in _DEFAULTS}, **spec}
    if set(spec) != set(keys):
        raise SpaceError(
            f"{distribution} has the keys {', '.join(keys)}, but here are"
            f" {', '.join(map(str, spec)) or 'none'}."
        )
    if distribution == "constant":
        return Constant(spec["value"])
    if distribution == "categorical":
        return Grid(spec["values"]) if grid else Choice(spec["values"])
    if grid:
        raise SpaceError(
            "a grid goes through every value, so they must be listed, but the distribution is"
            f" {distribution!r}; write 'values': [...]."
        )
    return _from_numbers(distribution, [spec[key] for key in keys])


def _keys_of(distribution: str) -> tuple[str, ...]:
    if distribution in _LIST_KEYS:
        return _LIST_KEYS[distribution]
    first_two = ("mu", "sigma") if distribution.endswith("normal") else ("min", "max")
    return (*first_two, "q") if distribution.startswith("q_") else first_two


def _from_numbers(distribution: str, numbers: list[Any]) -> Distribution:
    low, high, *q = numbers
    if distribution == "int_uniform":
        return _make("randint", low, whole("max", high) + 1)
    if distribution in _WHOLE_NUMBERS and all(type(number) is int for number in numbers):
        kind = _WHOLE_NUMBERS[distribution]
        return _make(kind, low, high + 1) if q == [1] else _make(f"q{kind}", *numbers)
    if distribution == "inv_log_uniform":
        # The exponent is drawn from [min, max] and negated.
        low, high = -real("max", high), -real("min", low)
    if distribution in _EXPONENTS:
        low, high = _exp("min", low), _exp("max", high)
    return _make(_FLOATS[distribution], low, high, *q)


def _make(kind: str, *numbers: Any) -> Distribution:
    return make(kind, dict(zip(field_names(kind), numbers, strict=True)))


def _exp(field: str, exponent: Any) -> float:
    try:
        return math.exp(real(field, exponent))
    except OverflowError:
        raise SpaceError(
            f"{field} is the exponent of a float here and must be below 709, but it is"
            f" {exponent!r}; give the values with 'log_uniform_values'."
        ) from None


def _default_distribution(spec: Mapping[str, Any]) -> str:
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical_w_probabilities" if "probabilities" in spec else "categorical"
    bounds = (spec.get("min"), spec.get("max"))
    return "int_uniform" if all(type(bound) is int for bound in bounds) else "uniform"
