"""Warnings about a plan that can start all the same."""

from collections.abc import Mapping, Sequence

from tune_wandb_nb.tuning.board.trial import unreported
from tune_wandb_nb.tuning.form.setup import FieldProblem
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.storage import free_name

__all__ = ["advice"]

_MANY_TRIALS = 10_000


def advice(
    plan: Plan, reported: Sequence[str] = (), available: Mapping[str, float] | None = None
) -> tuple[FieldProblem, ...]:
    """The amount of a resource that ``available`` lacks is unknown."""
    warnings: list[FieldProblem] = []
    unknown = unreported([metric for metric, _ in plan.objectives], reported)
    if unknown:
        names = ", ".join(reported)
        which = "is" if len(plan.objectives) == 1 else f"{unknown[0]!r:.80} is"
        message = f"{which} not what the training function's source reports: {names}."
        warnings.append(FieldProblem("metric", message))
    for name, amount in (("cpus", plan.cpus), ("gpus", plan.gpus)):
        total = (available or {}).get(name[:-1].upper())
        if amount is not None and total is not None and amount > total:
            message = f"a trial asks for {amount:g}, but there are {total:g}:"
            message += " trials would wait for ever."
            warnings.append(FieldProblem(name, message))
    if plan.name is not None and (free := free_name(plan.storage, plan.name)) != plan.name:
        warnings.append(
            FieldProblem("name", f"is there already: this search will be named {free!r}.")
        )
    if plan.trials > _MANY_TRIALS:
        warnings.append(FieldProblem("samples", f"makes {plan.trials:,} trials."))
    if plan.iterations is not None and plan.scheduler.settings.get("max_t", 0) > plan.iterations:
        message = f"trials end after {plan.iterations} iterations anyway."
        warnings.append(FieldProblem(f"{plan.scheduler.strategy.name}.max_t", message))
    return tuple(warnings)
