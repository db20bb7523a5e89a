"""Decorated trainables in a module, which Ray's workers import instead of unpickling them."""

from __future__ import annotations

from typing import Any

import wandb
from ray import tune

import tune_wandb_nb as tw


@tw.wandb_mixin
def log_and_report(config: dict[str, Any], factor: int = 1) -> None:
    assert wandb.config["a"] == config["a"]
    for i in range(config.get("n", 3)):
        wandb.log({"logged": config["a"] * i * factor})
        tune.report({"reported": config["a"] * i * factor})


class Counted(tune.Trainable):
    """Not decorated: `Inherited` has the mixin as its base instead."""

    def setup(self, config: dict[str, Any], factor: int = 1) -> None:
        self.a, self.factor = config["a"], factor
        self.at_setup = self.wandb.id  # type: ignore[attr-defined]

    def step(self) -> dict[str, Any]:
        assert self.wandb is wandb.run  # type: ignore[attr-defined]
        i = self.iteration
        wandb.log({"logged": self.a * i * self.factor})
        return {"reported": self.a * i * self.factor, "done": i == 2, "id": self.at_setup}

    def save_checkpoint(self, checkpoint_dir: str) -> dict[str, Any]:
        return {"a": self.a}

    def load_checkpoint(self, checkpoint: dict[str, Any] | None) -> None:
        assert checkpoint == {"a": self.a}


@tw.wandb_mixin
class Counting(Counted):
    """As users write it: the decorator on the class."""


class Inherited(tw.WandbTrainableMixin, Counted):
    """Uses the base class by hand, and can be used again."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True
