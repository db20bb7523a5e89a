"""What is odd about a plan but does not keep it from starting."""

from collections.abc import Mapping, Sequence

from tune_wandb_nb.tuning.form.setup import FieldProblem
from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.storage import free_name

__all__ = ["advice"]

_MANY = 10_000


def advice(
    plan: Plan, reported: Sequence[str] = (), available: Mapping[str, float] | None = None
) -> tuple[FieldProblem, ...]:
    """Return warnings.

    Args:
        plan: what is about to start.
        reported: the metrics that the training function's source reports; none if unknown.
        available: what there is, as Ray names it ("CPU", "GPU"); what is not named is unknown.

    Example:
        >>> from tune_wandb_nb.tuning.space.space import SearchSpace
        >>> plan = Plan(SearchSpace(), "loss", "min", gpus=1)
        >>> print(advice(plan, available={"GPU": 0.0})[0].message)
        a trial asks for 1, but there are 0: trials would wait for ever.
    """
    found: list[FieldProblem] = []
    if reported and plan.metric not in reported:
        names = ", ".join(reported)
        found.append(
            FieldProblem("metric", f"is not what the training function's source reports: {names}.")
        )
    for name, asked in (("cpus", plan.cpus), ("gpus", plan.gpus)):
        there = (available or {}).get(name[:-1].upper())
        if asked is not None and there is not None and asked > there:
            message = f"a trial asks for {asked:g}, but there are {there:g}:"
            message += " trials would wait for ever."
            found.append(FieldProblem(name, message))
    if plan.name is not None and (free := free_name(plan.storage, plan.name)) != plan.name:
        found.append(FieldProblem("name", f"is there already: this search will be named {free!r}."))
    if plan.trials > _MANY:
        found.append(FieldProblem("samples", f"makes {plan.trials:,} trials."))
    if plan.iterations is not None and plan.scheduler.settings.get("max_t", 0) > plan.iterations:
        message = f"trials end after {plan.iterations} iterations anyway."
        found.append(FieldProblem(f"{plan.scheduler.strategy.name}.max_t", message))
    return tuple(found)
