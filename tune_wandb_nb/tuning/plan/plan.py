"""A search, decided: what a form says once everything in it is right."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from tune_wandb_nb.tuning.distributions.base import Constant, Grid, Kept
from tune_wandb_nb.tuning.distributions.names import flatten
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy
from tune_wandb_nb.tuning.space.space import SearchSpace

__all__ = ["Chosen", "Plan", "StopAt"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chosen:
    """A scheduler or a search algorithm with what its settings say."""

    strategy: Strategy
    settings: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def is_plain(self) -> bool:
        """Whether Tune does the same when it is told nothing."""
        return not self.strategy.path or (self.strategy.name == "random" and not self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Return what its class is called with, but for what depends on the search space."""
        given = {k: v for k, v in self.settings.items() if k != "perturbed" and v is not None}
        return {**self.strategy.fixed, **given}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a search needs but for what it trains.

    ``wandb`` are the arguments of a `WandbLogger`; a key is never among them.
    """

    space: SearchSpace
    metric: str
    mode: Literal["min", "max"]
    samples: int = 1
    scheduler: Chosen = Chosen(SCHEDULERS["none"])
    algorithm: Chosen = Chosen(ALGORITHMS["random"])
    wandb: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    concurrency: int | None = None
    cpus: float | None = None
    gpus: float | None = None
    time_budget: float | None = None
    iterations: int | None = None
    target: float | None = None
    name: str | None = None
    storage: str | None = None
    reuse_workers: bool = False

    @property
    def trials(self) -> int:
        """How many trials there will be: samples times the grids multiplied out."""
        return self.samples * self.space.size

    @property
    def seed(self) -> int | None:
        """The seed of random draws, where there is one."""
        seed = self.algorithm.settings.get("random_state")
        return seed if self.algorithm.strategy.name == "random" else None

    @property
    def resources(self) -> dict[str, float]:
        """What a trial asks for beyond Tune's default of one CPU."""
        asked = {"cpu": self.cpus, "gpu": self.gpus}
        return {name: number for name, number in asked.items() if number is not None}

    @property
    def perturbed(self) -> SearchSpace:
        """The part of the space that population based training changes."""
        named = self.scheduler.settings.get("perturbed", ())
        return SearchSpace(
            {
                name: found
                for name, found in self.space.items()
                if not isinstance(found, Constant | Grid | Kept) and (not named or name in named)
            }
        )

    @property
    def stop(self) -> "Mapping[str, float] | StopAt | None":
        """What Tune's ``RunConfig(stop=...)`` takes."""
        at_least: dict[str, float] = {}
        if self.iterations is not None:
            at_least["training_iteration"] = self.iterations
        if self.target is None:
            return at_least or None
        if self.mode == "max":
            return {**at_least, self.metric: self.target}
        return StopAt(at_least, {self.metric: self.target})

    def samples_shown(self, most: int) -> list[dict[str, Any]]:
        """Return the first configs, flat; examples of them where there is no seed."""
        drawn = self.space.sample(min(most, self.trials), 0 if self.seed is None else self.seed)
        return [dict(flatten(config)) for config in drawn]


@dataclass(frozen=True)
class StopAt:
    """Ends a trial at a metric's value; Tune's own dictionary of stops cannot say "at most".

    Example:
        >>> StopAt(at_most={"val/loss": 0.1})("trial", {"val": {"loss": 0.05}})
        True
    """

    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Tell whether a trial ends with this result."""
        del trial_id
        flat = {**dict(flatten(dict(result))), **result}
        return any(
            flat.get(name, -math.inf) >= bound for name, bound in self.at_least.items()
        ) or any(flat.get(name, math.inf) <= bound for name, bound in self.at_most.items())
