"""What a board drops first when it holds more than it may."""

from collections.abc import Collection, Iterator, Sequence

from tune_wandb_nb.tuning.board.objectives import Objective, front_of, score_of
from tune_wandb_nb.tuning.board.snapshot import State
from tune_wandb_nb.tuning.board.trial import GrowingTrial

__all__ = ["FINISHED", "drop_curves", "thinning_order", "worst_first"]

FINISHED: frozenset[State] = frozenset({"done", "failed", "stopped"})


def worst_first(
    trials: Collection[GrowingTrial], objectives: Sequence[Objective]
) -> list[GrowingTrial]:
    """Running trials come last, because they may still become the best; before them the front."""
    first = objectives[0] if objectives else None
    metric, mode = (first.metric, first.mode) if first else (None, None)
    front = front_of(list(trials), objectives)

    def rank(trial: GrowingTrial) -> tuple[bool, bool, float]:
        is_running = trial.state not in FINISHED
        return is_running, trial.trial_id in front, score_of(trial.metrics, metric, mode)

    return sorted(trials, key=rank)


def thinning_order(
    trials: Collection[GrowingTrial], objectives: Sequence[Objective]
) -> Iterator[tuple[GrowingTrial, frozenset[str]]]:
    """The objectives' curves go last."""
    ordered = worst_first(trials, objectives)
    tuned = frozenset(objective.metric for objective in objectives)
    yield from ((trial, tuned) for trial in ordered)
    yield from ((trial, frozenset()) for trial in ordered)


def drop_curves(trial: GrowingTrial, keep: frozenset[str]) -> int:
    dropped = [name for name in trial.curves if name not in keep]
    for name in dropped:
        del trial.curves[name]
    if dropped:
        trial.thin = True
        trial.view = None
    return len(dropped)
