import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from tune_wandb_nb.search_space.distributions.base import Constant, Grid, Kept
from tune_wandb_nb.search_space.distributions.names import flatten
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tuning.plan.storage import storage_folder
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy

__all__ = ["ChosenStrategy", "Plan", "StopAt"]

Mode: TypeAlias = Literal["min", "max"]
_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ChosenStrategy:
    strategy: Strategy
    settings: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)

    @property
    def is_plain(self) -> bool:
        """Whether Tune's default does the same."""
        return not self.strategy.path or (self.strategy.name == "random" and not self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Without those that depend on the plan."""
        # "perturbed" selects hyperparameters, for `Plan.perturbed`.
        chosen = {k: v for k, v in self.settings.items() if k != "perturbed" and v is not None}
        return {**self.strategy.fixed, **chosen}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything but the trainable; several metrics, and as many modes, are tuples."""

    space: SearchSpace
    metric: str | tuple[str, ...]
    mode: Mode | tuple[Mode, ...]
    samples: int = 1
    scheduler: ChosenStrategy = ChosenStrategy(SCHEDULERS["none"])
    algorithm: ChosenStrategy = ChosenStrategy(ALGORITHMS["random"])
    wandb: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
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
        return self.samples * self.space.size

    @property
    def objectives(self) -> tuple[tuple[str, Mode], ...]:
        if isinstance(self.metric, str) or isinstance(self.mode, str):
            return ((str(self.metric), cast("Mode", self.mode)),)
        return tuple(zip(self.metric, self.mode, strict=True))

    @property
    def tuned(self) -> dict[str, Any]:
        """The arguments ``metric`` and ``mode`` of Tune."""
        metrics, modes = (list(each) for each in zip(*self.objectives, strict=True))
        several = len(metrics) > 1
        return {
            "metric": metrics if several else metrics[0],
            "mode": modes if several else modes[0],
        }

    def arguments_of(self, chosen: ChosenStrategy) -> dict[str, Any]:
        """Return the arguments of a strategy's class, except hyperparameters of the space."""
        if chosen.strategy.name == "random":
            # Tune ignores max_concurrent_trials for a BasicVariantGenerator that is given.
            limit = {} if self.concurrency is None else {"max_concurrent": self.concurrency}
            return chosen.arguments() | limit
        # Tune hands over one metric only.
        return (self.tuned if len(self.objectives) > 1 else {}) | chosen.arguments()

    @property
    def limits(self) -> dict[str, Any]:
        """Arguments of ``tune.TuneConfig``."""
        return _without_none(
            max_concurrent_trials=self.concurrency if self.seed is None else None,
            time_budget_s=self.time_budget,
            reuse_actors=self.reuse_workers or None,
        )

    @property
    def run_config(self) -> dict[str, Any]:
        """Arguments of ``tune.RunConfig``."""
        folder = None if self.storage is None else storage_folder(self.storage)
        return _without_none(name=self.name, storage_path=folder, stop=self.stop)

    @property
    def seed(self) -> int | None:
        """None with another search algorithm."""
        seed = self.algorithm.settings.get("random_state")
        return seed if self.algorithm.strategy.name == "random" else None

    @property
    def resources(self) -> dict[str, float]:
        """Empty for Tune's default of one CPU."""
        return _without_none(cpu=self.cpus, gpu=self.gpus)

    @property
    def perturbed(self) -> SearchSpace:
        """What population based training changes."""
        selected = self.scheduler.settings.get("perturbed", ())
        return SearchSpace(
            {
                name: distribution
                for name, distribution in self.space.items()
                if not isinstance(distribution, Constant | Grid | Kept)
                and (not selected or name in selected)
            }
        )

    @property
    def stop(self) -> "dict[str, float] | StopAt | None":
        at_least: dict[str, float] = {}
        if self.iterations is not None:
            at_least["training_iteration"] = self.iterations
        if self.target is None:
            return at_least or None
        # A target is for one metric only.
        ((metric, mode),) = self.objectives
        if mode == "max":
            return {**at_least, metric: self.target}
        return StopAt(at_least, {metric: self.target})

    def samples_shown(self, most: int) -> list[dict[str, Any]]:
        """By flat names; examples only, without a seed."""
        drawn = self.space.sample(min(most, self.trials), 0 if self.seed is None else self.seed)
        return [dict(flatten(config)) for config in drawn]


def _without_none(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class StopAt:
    """Ends a trial at a value of a metric: for ``stop=`` of a ``tune.RunConfig``.

    Tune's own dictionary can only express "at least".

    Args:
        at_least: Metric -> the value at or above which a trial ends; nested names with "/".
        at_most: Metric -> the value at or below which a trial ends.

    Example:
        >>> StopAt(at_most={"val/loss": 0.1})("trial", {"val": {"loss": 0.05}})
        True
    """

    __module__ = "tune_wandb_nb"  # The path under which Tune pickles it.

    at_least: Mapping[str, float] = field(default_factory=dict)
    at_most: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Return whether a trial ends with this result."""
        del trial_id
        flat = {**dict(flatten(dict(result))), **result}
        return any(
            flat.get(name, -math.inf) >= bound for name, bound in self.at_least.items()
        ) or any(flat.get(name, math.inf) <= bound for name, bound in self.at_most.items())
