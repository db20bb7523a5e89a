from collections.abc import Iterable, Mapping
from typing import Any

from ray import tune
from ray.tune.search.sample import Categorical, Domain, Float, Integer, Quantized
from ray.tune.search.sample import Grid as GridSampler
from ray.tune.search.sample import LogUniform as LogUniformSampler
from ray.tune.search.sample import Normal as NormalSampler
from ray.tune.search.sample import Uniform as UniformSampler

from tune_wandb_nb.search_space.distributions.base import Choice, Constant, Distribution, Grid, Kept
from tune_wandb_nb.search_space.distributions.names import RESERVED, is_key, nest
from tune_wandb_nb.search_space.distributions.registry import make
from tune_wandb_nb.search_space.distributions.values import NotPlainError, SpaceError, plain

__all__ = ["from_tune", "to_tune"]

_RANGES = {
    (Float, UniformSampler): "uniform",
    (Float, LogUniformSampler): "loguniform",
    (Integer, UniformSampler): "randint",
    (Integer, LogUniformSampler): "lograndint",
}


def to_tune(parameters: Mapping[str, Distribution]) -> dict[str, Any]:
    return nest((name, _to_domain(value)) for name, value in parameters.items())


def from_tune(param_space: Mapping[str, Any]) -> dict[str, Distribution]:
    """Raises SpaceError."""
    if not isinstance(param_space, Mapping):
        raise SpaceError(
            f"a param_space must be a dictionary, but it is a {type(param_space).__name__}."
        )
    for key in param_space:
        if key not in RESERVED and not is_key(key):
            raise SpaceError(
                'the keys of a param_space must be text without "/" and without space around it,'
                f" but one is {key!r}; nest a dictionary instead, or rename it."
            )
    return dict(_from_level({k: v for k, v in param_space.items() if k not in RESERVED}, ""))


def _to_domain(distribution: Distribution) -> Any:
    if isinstance(distribution, Kept):
        return distribution.value
    if isinstance(distribution, Constant):
        return plain(distribution.value)
    if isinstance(distribution, Grid):
        return tune.grid_search([plain(value) for value in distribution.values])
    if isinstance(distribution, Choice):
        return tune.choice([plain(value) for value in distribution.values])
    return getattr(tune, distribution.kind)(*distribution.arguments().values())


def _from_level(level: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Distribution]]:
    for key, value in level.items():
        name = prefix + key
        if _is_level(value):
            yield from _from_level(value, f"{name}/")
            continue
        try:
            yield name, _from_value(value)
        except NotPlainError:
            yield name, Kept(value)
        except SpaceError as error:
            raise error.of(name) from None


def _is_level(value: Any) -> bool:
    is_nested = isinstance(value, dict) and value and not _is_tune_command(value)
    return bool(is_nested) and all(map(is_key, value))


def _is_tune_command(value: dict[Any, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("grid_search", "eval")


def _from_value(value: Any) -> Distribution:
    if isinstance(value, Domain):
        return _from_domain(value)
    if isinstance(value, dict) and value:
        is_grid = _is_tune_command(value) and "grid_search" in value
        return Grid(value["grid_search"]) if is_grid else Kept(value)
    return Constant(value)


def _from_domain(domain: Any) -> Distribution:
    sampler, q = domain.get_sampler(), None
    if isinstance(sampler, Quantized):
        sampler, q = sampler.get_sampler(), sampler.q
    if type(domain) is Categorical and q is None:
        return (Grid if isinstance(sampler, GridSampler) else Choice)(domain.categories)
    if type(domain) is Float and isinstance(sampler, NormalSampler):
        return _make("randn", {"mean": sampler.mean, "sd": sampler.sd}, q)
    for (domain_type, sampler_type), kind in _RANGES.items():
        if type(domain) is domain_type and isinstance(sampler, sampler_type):
            bounds = {"lower": domain.lower, "upper": domain.upper}
            return _make(kind, _on_steps(bounds, q) if domain_type is Integer else bounds, q)
    return Kept(domain)


def _make(kind: str, arguments: dict[str, Any], q: Any) -> Distribution:
    # Tune ignores q = 1 for whole numbers.
    if q is None or (q == 1 and kind in ("randint", "lograndint")):
        return make(kind, arguments)
    return make(f"q{kind}", {**arguments, "q": q})


def _on_steps(bounds: dict[str, Any], q: Any) -> dict[str, Any]:
    """Move bounds inwards to multiples of q, as Tune does."""
    lower, upper = bounds["lower"], bounds["upper"]
    if not (type(lower) is type(upper) is type(q) is int and q > 1):
        return bounds
    return {"lower": -(-lower // q) * q, "upper": upper // q * q}
