"""How a trial's W&B run is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tune_wandb_nb.tracking.auth.server_check import Gate
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["FULL", "LEAN", "OPENS_WITHIN", "InitPlan"]

LEAN: Mapping[str, Any] = {
    "console": "off",
    "disable_git": True,
    "silent": True,
    "save_code": False,
    "x_disable_machine_info": True,
    "x_disable_stats": True,
    "x_log_level": 30,
    "x_save_requirements": False,
}
"""Settings of a logger that is not the training process: measured at a fifth of the defaults."""
FULL: Mapping[str, Any] = {
    "disable_git": False,
    "x_disable_machine_info": False,
    "x_log_level": 20,
    "x_save_requirements": True,
}
"""What the run that records the environment adds to them."""

OPENS_WITHIN: Mapping[Mode, float] = {"online": 20.0, "offline": 120.0}
"""Offline nothing but this machine is slow, and there is no other way to open the run."""


@dataclass(frozen=True, slots=True)
class InitPlan:
    """How to open one run: everything that ``wandb.init`` needs, decided on Tune's thread."""

    mode: Mode
    arguments: Mapping[str, Any]
    key: ApiKey | None = None
    host: str | None = None
    gate: Gate | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    define_step: bool = True
    records_environment: bool = False
    """Whether this run records the machine and its packages: the first of a search does."""
    hook: Callable[[Any], None] | None = None
    image_kwargs: Mapping[str, Any] = field(default_factory=dict)
    video_kwargs: Mapping[str, Any] = field(default_factory=dict)
