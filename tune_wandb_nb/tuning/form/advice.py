"""Warnings about a plan that can start all the same."""

from collections.abc import Mapping, Sequence

from tune_wandb_nb.tuning.form.setup import FieldProblem
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.storage import free_name

__all__ = ["advice"]

_MANY_TRIALS = 10_000


def advice(
    plan: Plan, reported: Sequence[str] = (), available: Mapping[str, float] | None = None
) -> tuple[FieldProblem, ...]:
    """Return the warnings about a plan.

    Args:
        plan: the search that is about to start.
        reported: the metrics that the source of the training function reports; empty if unknown.
        available: the resources of the cluster by Ray's names ("CPU", "GPU"); a missing name means
            that the amount is unknown.

    Example:
        >>> from tune_wandb_nb.search_space.space.space import SearchSpace
        >>> plan = Plan(SearchSpace(), "loss", "min", gpus=1)
        >>> print(advice(plan, available={"GPU": 0.0})[0].message)
        a trial asks for 1, but there are 0: trials would wait for ever.
    """
    warnings: list[FieldProblem] = []
    if reported and plan.metric not in reported:
        names = ", ".join(reported)
        warnings.append(
            FieldProblem("metric", f"is not what the training function's source reports: {names}.")
        )
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
