"""How a trial ended, in the words of its W&B run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.results.payload import flatten

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = [
    "Ending",
    "cut_off_outcome",
    "failed_outcome",
    "finished_outcome",
    "last_lines",
    "trial_outcome",
]

_STATUS = "tune/status"
_ERROR = "tune/error"
_ERROR_LINES = 12
_ERROR_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Ending:
    """How a trial ended: the run's state, its exit code, and what the summary says of it."""

    state: str
    exit_code: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)


def trial_outcome(
    trial: "Trial", *, failed: bool, stopping: bool, custom_stopper: bool = False
) -> Ending:
    """Describe a trial that Tune says has ended.

    Args:
        trial: The trial.
        failed: Whether it raised.
        stopping: Whether its last result was marked as done, before the trainable returned.
        custom_stopper: Whether the search has a stopper of its own, whose decisions look like
            the scheduler's.
    """
    if failed:
        return failed_outcome(_error_of(trial))
    if trial.status in ("PAUSED", "PENDING"):
        return finished_outcome("stopped by scheduler")
    if not stopping:
        return finished_outcome("completed")
    if _meets_criterion(trial.stopping_criterion, trial.last_result or {}):
        return finished_outcome("stopped by stop criterion")
    return finished_outcome(
        "stopped by scheduler or stopper" if custom_stopper else "stopped by scheduler"
    )


def cut_off_outcome(trial: "Trial", *, time_is_up: bool) -> Ending:
    """Describe a trial whose search ended before it did: Tune gives it no end of its own."""
    if trial.status == "ERROR":
        return trial_outcome(trial, failed=True, stopping=False)
    return finished_outcome("stopped by time budget" if time_is_up else "stopped by user")


def failed_outcome(error: str) -> Ending:
    """Describe a trial that raised."""
    return Ending("failed", 1, {_STATUS: "failed", _ERROR: error})


def finished_outcome(status: str) -> Ending:
    """Describe a trial that did not raise: "completed", or what has stopped it."""
    return Ending("finished", 0, {_STATUS: status})


def _meets_criterion(criterion: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    # As Tune does it: a criterion may be a nested name such as "eval/accuracy".
    flat = dict(flatten(result))
    return any(name in flat and flat[name] >= stop for name, stop in criterion.items())


def last_lines(error_file: Path) -> str:
    """Return the end of what Tune has written of an error.

    Raises:
        OSError: there is no such file.
    """
    text = error_file.read_text(encoding="utf-8", errors="replace")
    lines = text.strip().splitlines()[-_ERROR_LINES:]
    return "\n".join(lines)[-_ERROR_LONGEST:]


def _error_of(trial: "Trial") -> str:
    try:
        return last_lines(Path(trial.error_file))
    except (OSError, TypeError):
        return "unknown: Tune wrote no error file"
