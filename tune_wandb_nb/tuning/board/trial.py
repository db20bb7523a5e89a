"""The mutable record of one trial of a search."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.tuning.board.curve import GrowingCurve
from tune_wandb_nb.tuning.board.snapshot import State, TrialView

__all__ = ["TUNE_METRICS", "GrowingTrial"]

TUNE_METRICS = frozenset(
    {
        "training_iteration",
        "iterations_since_restore",
        "time_total_s",
        "time_this_iter_s",
        "time_since_restore",
        "timestamp",
        "timesteps_total",
        "timesteps_since_restore",
        "episodes_total",
        "warmup_time",
    }
)
"""The keys that Tune adds to every result; they are no metrics of the training function."""


class GrowingTrial:
    """The record of one trial, protected by the lock of the board."""

    __slots__ = (
        *("copied_from", "curves", "error", "iteration", "metrics", "name", "number", "params"),
        *("seconds", "state", "thin", "trial_id", "view"),
    )

    def __init__(self, trial_id: str, name: str, number: int, params: Mapping[str, Any]) -> None:
        self.trial_id = trial_id
        self.name = name
        self.number = number
        self.params = params
        self.state: State = "pending"
        self.metrics: dict[str, float] = {}
        self.curves: dict[str, GrowingCurve] = {}
        self.iteration = 0
        self.seconds = 0.0
        self.error: str | None = None
        self.copied_from: str | None = None
        self.thin = False
        self.view: TrialView | None = None

    def freeze(self) -> TrialView:
        """Return an immutable copy of the trial; the same object until the trial changes."""
        if self.view is None:
            self.view = TrialView(
                trial_id=self.trial_id,
                name=self.name,
                number=self.number,
                state=self.state,
                params=self.params,
                metrics=MappingProxyType(dict(self.metrics)),
                curves=MappingProxyType({k: c.freeze() for k, c in self.curves.items()}),
                iteration=self.iteration,
                seconds=self.seconds,
                error=self.error,
            )
        return self.view
