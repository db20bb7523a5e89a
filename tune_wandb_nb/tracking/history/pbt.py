from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["copied_from"]


def copied_from(trial: "Trial", trials: Sequence["Trial"]) -> str | None:
    """Return the id of the other trial in whose folder a trial's checkpoint lies, or None.

    No hook of Tune's reports from which trial population based training has copied another.
    """
    if trial.checkpoint is None:
        return None
    folder = PurePath(trial.checkpoint.path).parent.name
    if folder == PurePath(trial.path or "").name:
        return None
    return next((t.trial_id for t in trials if t.path and PurePath(t.path).name == folder), None)
