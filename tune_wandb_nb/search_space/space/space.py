import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from tune_wandb_nb.search_space.distributions.base import Distribution, Grid
from tune_wandb_nb.search_space.distributions.names import flatten, name_problems, nest
from tune_wandb_nb.search_space.distributions.values import SpaceError, plain
from tune_wandb_nb.search_space.inspection.detect import hyperparameters
from tune_wandb_nb.search_space.inspection.suggest import suggest
from tune_wandb_nb.search_space.space import space_code, space_json, wandb_sweep

__all__ = ["SearchSpace"]

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class SearchSpace(Mapping[str, Distribution]):
    """A distribution for each hyperparameter, by name; "/" leads into a nested dictionary.

    It is checked when it is made and cannot change. The order decides what a seed draws;
    hyperparameters of the same nested dictionary stand together.

    Raises:
        SpaceError: a name is not allowed, such as "" or "wandb", or "a" beside "a/b".

    Example:
        >>> from tune_wandb_nb.search_space.distributions.registry import make
        >>> space = SearchSpace({"optimizer/lr": make("loguniform", {"lower": 1e-4, "upper": 0.1})})
        >>> space["optimizer/lr"]
        LogUniform(lower=0.0001, upper=0.1)
        >>> print(space.to_code(), end="")
        from ray import tune
        <BLANKLINE>
        param_space = {
            "optimizer": {
                "lr": tune.loguniform(0.0001, 0.1),
            },
        }
    """

    parameters: Mapping[str, Distribution] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.parameters.items():
            if not isinstance(value, Distribution):
                raise SpaceError(
                    f"there must be a distribution, but it is a {type(value).__name__}; write"
                    " Constant(...) around it, or give it to SearchSpace.from_param_space.",
                    parameter=name,
                )
        names = list(self.parameters)
        for index, problem in name_problems(names).items():
            raise problem.of(names[index])
        ordered = dict(flatten(nest(self.parameters.items())))
        object.__setattr__(self, "parameters", MappingProxyType(ordered))

    @classmethod
    def from_param_space(cls, param_space: Mapping[str, Any]) -> "SearchSpace":
        """Read what ``tune.Tuner(param_space=...)`` takes.

        The entries "wandb" and "logger_config" are left out: they are settings. Values without a
        kind of their own (``tune.sample_from``, functions, objects) are kept as they are.

        Raises:
            SpaceError: a distribution is wrong, such as ``tune.uniform(1, 0)``.
        """
        from tune_wandb_nb.search_space.space.ray_tune import from_tune

        return cls(from_tune(param_space))

    @classmethod
    def from_trainable(cls, trainable: Any) -> "SearchSpace":
        """Suggest a space for the hyperparameters that a training function or class reads.

        Without its source the space is empty.

        Example:
            >>> def train(config):
            ...     return {"loss": config["lr"] * config.get("momentum", 0.9)}
            >>> list(SearchSpace.from_trainable(train))
            ['lr', 'momentum']
        """
        return cls({h.name: suggest(h) for h in hyperparameters(trainable)})

    @classmethod
    def from_json(cls, text: str, kept: Mapping[str, Any] = _EMPTY) -> "SearchSpace":
        """Read the text of `to_json`.

        Args:
            text: the JSON.
            kept: the objects that JSON cannot hold, by name.

        Raises:
            SpaceError: the text has another form, or ``kept`` lacks an object.
        """
        return cls(space_json.from_json(text, kept))

    @classmethod
    def from_sweep_config(cls, config: Mapping[str, Any]) -> "SearchSpace":
        """Read the ``parameters`` of a W&B sweep's configuration.

        Raises:
            SpaceError: Tune cannot express a parameter.

        Example:
            >>> sweep = {"parameters": {"lr": {"min": 0.0, "max": 0.1}}}
            >>> SearchSpace.from_sweep_config(sweep)["lr"]
            Uniform(lower=0.0, upper=0.1)
        """
        return cls(wandb_sweep.from_sweep_config(config))

    def to_json(self) -> str:
        """Return the space as JSON; of objects kept as they are, only a title."""
        return space_json.to_json(self.parameters)

    def to_param_space(self) -> dict[str, Any]:
        """Return what ``tune.Tuner(param_space=...)`` takes."""
        from tune_wandb_nb.search_space.space.ray_tune import to_tune

        return to_tune(self.parameters)

    def to_code(self, variable: str = "param_space", *, kept_from: str | None = None) -> str:
        """Return the Python source of the ``param_space``, including its import.

        Args:
            variable: the name of the dictionary in the source.
            kept_from: the name of a dictionary with the objects that have no source.

        Raises:
            SpaceError: an object has no source and ``kept_from`` is not given.
        """
        return space_code.to_code(self.parameters, variable=variable, kept_from=kept_from)

    def to_sweep_config(
        self,
        metric: str | None = None,
        mode: Literal["min", "max"] = "min",
        *,
        leave_out: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Return the configuration of a W&B sweep over the same space.

        Its method is "grid" for a space of grids and constants, else "random".

        Args:
            metric: the metric that is optimized.
            mode: whether its "min" or its "max" is best.
            leave_out: called with a text for each parameter that W&B cannot express, which is then
                left out. A grid beside drawn parameters becomes a choice.

        Raises:
            SpaceError: W&B cannot express a parameter; with ``leave_out``, none.
        """
        parameters: Mapping[str, Distribution] = self.parameters
        if leave_out is not None:
            parameters = wandb_sweep.expressible(parameters, leave_out)
        return wandb_sweep.to_sweep_config(parameters, metric, mode)

    @property
    def size(self) -> int:
        """The number of trials of one sample: 1 without a grid."""
        return math.prod(distribution.size for distribution in self.values())

    def sample(self, n: int, seed: int | None = None) -> list[dict[str, Any]]:
        """Return the configs of the first ``n`` trials.

        With the same seed, Tune's ``BasicVariantGenerator`` makes the same configs (since Ray 2.60;
        before, other ones of quantized and logarithmic ranges). Objects that are kept as they are
        are not sampled.

        Example:
            >>> SearchSpace({"a": Grid([1, 2])}).sample(3)
            [{'a': 1}, {'a': 2}, {'a': 1}]
        """
        return list(itertools.islice(self._trials(np.random.default_rng(seed)), n))

    def _trials(self, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
        # As in Tune, the first grid by name varies fastest.
        grids = {k: v.values for k, v in self.items() if isinstance(v, Grid)}
        names = sorted(grids, key=lambda name: name.split("/"), reverse=True)
        while True:
            for values in itertools.product(*(grids[name] for name in names)):
                chosen = dict(zip(names, values, strict=True))
                yield nest(
                    (k, plain(chosen[k]) if k in chosen else v.draw(rng)) for k, v in self.items()
                )

    def __getitem__(self, name: str) -> Distribution:
        return self.parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SearchSpace):
            return NotImplemented
        return list(self.items()) == list(other.items())

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # A mappingproxy cannot be pickled.
        return (SearchSpace, (dict(self.parameters),))
