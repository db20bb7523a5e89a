"""The hyperparameters over time, where a scheduler changes them while trials run."""

from dataclasses import dataclass
from typing import Any

from tune_wandb_nb.tuning.board.snapshot import BoardSnapshot, Perturbation

__all__ = ["Change", "ScheduleData", "schedule_data", "scheduled_params"]

_MOST_CHANGES = 30


@dataclass(frozen=True, slots=True)
class Change:
    """One trial's change at one iteration: whom it copied, and what each value became."""

    trial: str
    copied: str | None
    iteration: int
    values: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class ScheduleData:
    """The steps of one hyperparameter, trial by trial, and the newest changes first.

    ``steps`` maps a trial's id to (iteration, value) pairs; a value holds until the next one.
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
    """Return the schedule of a hyperparameter (of the first that changed); None if none did."""
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
    return ScheduleData(shown, fixed, tuple(changes[:_MOST_CHANGES]))


def _differences(event: Perturbation) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (name, event.before.get(name), value)
        for name, value in event.params.items()
        if event.before.get(name) != value
    )
