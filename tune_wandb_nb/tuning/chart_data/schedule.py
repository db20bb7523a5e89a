"""The history of hyperparameters that a scheduler changes while trials run."""

from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, Perturbation

__all__ = ["Change", "ScheduleData", "schedule_data", "scheduled_params"]

_MAX_CHANGES = 30


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one trial at one iteration.

    ``copied`` is the name of the trial whose checkpoint was copied; ``values`` has the name, the
    old value and the new value of each hyperparameter that changed.
    """

    trial: str
    copied: str | None
    iteration: int
    values: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class ScheduleData:
    """The steps of one hyperparameter in every trial, and the changes, newest first.

    ``steps`` maps a trial id to (iteration, value) pairs; a value is valid until the next pair.
    """

    param: str
    steps: dict[str, tuple[tuple[int, Any], ...]]
    changes: tuple[Change, ...]


def scheduled_params(snapshot: BoardSnapshot) -> tuple[str, ...]:
    """Return the hyperparameters that were changed while trials ran."""
    changed: dict[str, None] = {}
    for event in snapshot.perturbations:
        changed.update(dict.fromkeys(name for name, _, _ in _differences(event)))
    return tuple(changed)


def schedule_data(snapshot: BoardSnapshot, param: str | None = None) -> ScheduleData | None:
    """Return the schedule of a hyperparameter, by default the first that changed; else None."""
    changed = scheduled_params(snapshot)
    if not changed:
        return None
    shown = param if param in changed else changed[0]
    steps: dict[str, list[tuple[int, Any]]] = {}
    for event in snapshot.perturbations:
        line = steps.setdefault(event.trial_id, [(0, event.before.get(shown))])
        line.append((event.iteration - 1, event.params.get(shown)))
    for trial in snapshot.trials:
        line = steps.setdefault(trial.trial_id, [(0, trial.params.get(shown))])
        line.append((trial.iteration, line[-1][1]))
    names = {trial.trial_id: trial.name for trial in snapshot.trials}
    changes = [
        Change(
            names.get(event.trial_id, event.trial_id),
            names.get(event.copied_from, event.copied_from) if event.copied_from else None,
            event.iteration,
            _differences(event),
        )
        for event in reversed(snapshot.perturbations)
    ]
    fixed = {trial: tuple(line) for trial, line in steps.items()}
    return ScheduleData(shown, fixed, tuple(changes[:_MAX_CHANGES]))


def _differences(event: Perturbation) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (name, event.before.get(name), value)
        for name, value in event.params.items()
        if event.before.get(name) != value
    )
