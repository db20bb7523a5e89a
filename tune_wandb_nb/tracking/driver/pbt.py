"""Population based training: new hyperparameters, and the trial whose checkpoint was copied."""

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.driver.tracked_trial import TrackedTrial
from tune_wandb_nb.tracking.results.rows import Row

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["config_change", "copied_from"]


def copied_from(trial: "Trial", trials: list["Trial"]) -> str | None:
    """Return the id of the other trial in whose folder a trial's checkpoint lies, or None.

    No hook of Tune's reports from which trial population based training has copied another.
    """
    if trial.checkpoint is None:
        return None
    folder = PurePath(trial.checkpoint.path).parent.name
    if folder == PurePath(trial.path or "").name:
        return None
    return next((t.trial_id for t in trials if t.path and PurePath(t.path).name == folder), None)


def config_change(
    tracked: TrackedTrial, trial: "Trial", trials: list["Trial"]
) -> Callable[[], Row | None]:
    """Return what makes a row of the new config of a trial that starts again."""
    checkpoint = trial.checkpoint.path if trial.checkpoint else None
    source = None
    if checkpoint != tracked.checkpoint:
        tracked.checkpoint = checkpoint
        source = copied_from(trial, trials)
    iteration = int((trial.last_result or {}).get("training_iteration", 0))
    config = dict(trial.config)
    return partial(tracked.rows.change_config, config, source=source, iteration=iteration)
