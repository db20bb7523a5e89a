from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.results.payload import flatten

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = [
    "STATUS",
    "STOPPED_IN_WANDB",
    "Ending",
    "ending_of",
    "failed_ending",
    "finished_ending",
    "interrupted_ending",
    "last_lines",
    "output_files",
]

STOPPED_IN_WANDB = "stopped in W&B"

STATUS = "tune/status"
_ERROR = "tune/error"
_ERROR_LINES = 12
_ERROR_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Ending:
    state: str
    exit_code: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    """The trial's console output, kept among the run's files."""


def output_files(folder: str | None, names: Iterable[str | None]) -> tuple[str, ...]:
    paths = [Path(folder or "", name) for name in names if name]
    return tuple(str(path) for path in dict.fromkeys(paths) if path.is_file())


def ending_of(
    trial: "Trial",
    *,
    failed: bool,
    stopping: bool,
    stopped_in_wandb: bool = False,
    custom_stopper: bool = False,
) -> Ending:
    """Describe the end of a trial that Tune has ended.

    ``stopping``: its last result was marked as done before the trainable returned. A custom
    stopper's decisions look like the scheduler's.
    """
    if failed:
        return failed_ending(_error_of(trial))
    if trial.status in ("PAUSED", "PENDING"):
        return finished_ending("stopped by scheduler")
    if not stopping:
        return finished_ending("completed")
    if stopped_in_wandb:
        return finished_ending(STOPPED_IN_WANDB)
    if _meets_criterion(trial.stopping_criterion, trial.last_result or {}):
        return finished_ending("stopped by stop criterion")
    return finished_ending(
        "stopped by scheduler or stopper" if custom_stopper else "stopped by scheduler"
    )


def interrupted_ending(
    trial: "Trial", *, time_is_up: bool = False, in_wandb: bool = False, is_left: bool = False
) -> Ending:
    """Describe the end of a trial that ran when its search ended.

    ``in_wandb``: by its sweep; ``is_left``: Tune left it, by an interrupt or an error.
    """
    if trial.status == "ERROR":
        return ending_of(trial, failed=True, stopping=False)
    if is_left:
        return finished_ending("search ended early")
    if in_wandb:
        return finished_ending(STOPPED_IN_WANDB)
    return finished_ending("stopped by time budget" if time_is_up else "stopped by user")


def failed_ending(error: str) -> Ending:
    return Ending("failed", 1, {STATUS: "failed", _ERROR: error})


def finished_ending(status: str) -> Ending:
    return Ending("finished", 0, {STATUS: status})


def _meets_criterion(criterion: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    # As in Tune, a criterion may be a nested name such as "eval/accuracy".
    flat = dict(flatten(result))
    return any(name in flat and flat[name] >= stop for name, stop in criterion.items())


def last_lines(error_file: Path) -> str:
    text = error_file.read_text(encoding="utf-8", errors="replace")
    lines = text.strip().splitlines()[-_ERROR_LINES:]
    return "\n".join(lines)[-_ERROR_LONGEST:]


def _error_of(trial: "Trial") -> str:
    try:
        return last_lines(Path(trial.error_file))
    except (OSError, TypeError):
        return "unknown: Tune wrote no error file"
