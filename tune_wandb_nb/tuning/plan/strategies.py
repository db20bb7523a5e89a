"""The schedulers and search algorithms that a form offers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.tuning.plan.parse import parse_integer, parse_number, split_names

__all__ = ["ALGORITHMS", "SCHEDULERS", "Setting", "Strategy", "at_least", "installed"]

_ALL_BUT_GRID = frozenset(KINDS) - {"grid"}
_ALL_KINDS = frozenset(KINDS) | {"kept"}


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    label: str
    default: str
    read: Callable[[str, str], Any]
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Strategy:
    """``fixed`` are further arguments, ``kinds`` those of distributions.

    ``needs`` is a module that the class imports; ``takes_several`` is about metrics.
    """

    name: str
    title: str
    explained: str
    path: str = ""
    settings: tuple[Setting, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    kinds: frozenset[str] = _ALL_KINDS
    needs: str = ""
    takes_several: bool = False

    def field_of(self, setting: Setting) -> str:
        return f"{self.name}.{setting.name}"


def installed(strategy: Strategy) -> bool:
    return not strategy.needs or find_spec(strategy.needs) is not None


def at_least(least: int) -> Callable[[str, str], int]:
    def read(text: str, field: str) -> int:
        number = parse_integer(text, field)
        if number < least:
            raise SpaceError(f"{field} must be at least {least}, but it is {number}.", field=field)
        return number

    return read


def _between(lowest: float, highest: float) -> Callable[[str, str], float]:
    def read(text: str, field: str) -> float:
        number = parse_number(text, field)
        if not lowest <= number <= highest:
            raise SpaceError(
                f"{field} must be from {lowest:g} to {highest:g}, but it is {number!r}.",
                field=field,
            )
        return number

    return read


def _names(text: str, _: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(split_names(text)))


def _seed(text: str, field: str) -> int | None:
    return at_least(0)(text, field) if text.strip() else None


def _above_one(text: str, field: str) -> float:
    number = parse_number(text, field)
    if number <= 1:
        raise SpaceError(f"{field} must be above 1, but it is {number!r}.", field=field)
    return int(number) if number.is_integer() else number


def _by_name(*strategies: Strategy) -> Mapping[str, Strategy]:
    return MappingProxyType({strategy.name: strategy for strategy in strategies})


_LONGEST = Setting("max_t", "longest trial", "100", at_least(1), "iterations")
_PER_ITERATION = MappingProxyType({"time_attr": "training_iteration"})

SCHEDULERS: Mapping[str, Strategy] = _by_name(
    Strategy("none", "none", "Every trial runs to its end.", takes_several=True),
    Strategy(
        "asha",
        "ASHA",
        "Stops trials that fall behind, as soon as it sees it.",
        "ray.tune.schedulers.ASHAScheduler",
        (
            _LONGEST,
            Setting("grace_period", "shortest trial", "1", at_least(1), "iterations"),
            Setting("reduction_factor", "keep one in", "4", _above_one),
            Setting("brackets", "brackets", "1", at_least(1)),
        ),
    ),
    Strategy(
        "hyperband",
        "HyperBand",
        "Pauses trials, compares them in rounds and goes on with the best. The training"
        " function must save and load checkpoints.",
        "ray.tune.schedulers.HyperBandScheduler",
        (
            Setting("max_t", "longest trial", "81", at_least(1), "iterations"),
            Setting("reduction_factor", "keep one in", "3", _above_one),
        ),
    ),
    Strategy(
        "median",
        "median stopping",
        "Stops trials that are worse than the median of the others.",
        "ray.tune.schedulers.MedianStoppingRule",
        (
            Setting("grace_period", "shortest trial", "5", at_least(1), "iterations"),
            Setting("min_samples_required", "compare with at least", "3", at_least(1)),
        ),
        # With a finite time slice, the rule pauses trials until there are enough to compare:
        # a function without checkpoints would start again.
        MappingProxyType({**_PER_ITERATION, "min_time_slice": math.inf}),
    ),
    Strategy(
        "pbt",
        "population based training",
        "Trials copy better ones and change their hyperparameters while they run."
        " The training function must save and load checkpoints.",
        "ray.tune.schedulers.PopulationBasedTraining",
        (
            Setting("perturbation_interval", "change every", "5", at_least(1), "iterations"),
            Setting("quantile_fraction", "share that copies", "0.25", _between(0, 0.5)),
            Setting("resample_probability", "redraw chance", "0.25", _between(0, 1)),
            Setting("perturbed", "what changes", "", _names, "all that is drawn"),
        ),
        _PER_ITERATION,
    ),
)

ALGORITHMS: Mapping[str, Strategy] = _by_name(
    Strategy(
        "random",
        "random and grid",
        "Draws each trial by itself; goes through every grid.",
        "ray.tune.search.BasicVariantGenerator",
        (Setting("random_state", "seed", "", _seed, "another each time"),),
        takes_several=True,
    ),
    Strategy(
        "optuna",
        "Optuna",
        "Learns from the trials before (TPE).",
        "ray.tune.search.optuna.OptunaSearch",
        (Setting("seed", "seed", "", _seed, "another each time"),),
        # Ray's OptunaSearch has no normal distribution, and ignores q on a log scale.
        kinds=_ALL_BUT_GRID - {"randn", "qrandn", "qloguniform", "qlograndint"},
        needs="optuna",
        takes_several=True,
    ),
    Strategy(
        "hyperopt",
        "HyperOpt",
        "Learns from the trials before (TPE).",
        "ray.tune.search.hyperopt.HyperOptSearch",
        (
            Setting("n_initial_points", "random at first", "20", at_least(1), "trials"),
            Setting("random_state_seed", "seed", "", _seed, "another each time"),
        ),
        kinds=_ALL_BUT_GRID,
        needs="hyperopt",
    ),
    Strategy(
        "bayesopt",
        "Bayesian optimization",
        "Learns from the trials before (Gaussian processes).",
        "ray.tune.search.bayesopt.BayesOptSearch",
        (
            Setting("random_search_steps", "random at first", "10", at_least(1), "trials"),
            Setting("random_state", "seed", "42", at_least(0)),
        ),
        kinds=frozenset({"uniform", "constant"}),
        needs="bayes_opt",
    ),
)
