from dataclasses import replace
from typing import Any

from tune_wandb_nb.tuning.plan.plan import Plan
from tune_wandb_nb.tuning.plan.storage import free_name
from tune_wandb_nb.widgets.experiment import Experiment

__all__ = ["experiment_of", "summary_of"]

_MOST_NAMES = 4


def experiment_of(plan: Plan, trainable: Any, *, height: int) -> Experiment:
    """A name that is taken gets a number."""
    from tune_wandb_nb.tuning.plan.tune_plan import (
        run_config,
        trainable_with_resources,
        tune_config,
    )

    if plan.name is not None:
        plan = replace(plan, name=free_name(plan.storage, plan.name))
    return Experiment(
        trainable_with_resources(plan, trainable),
        param_space=plan.space.to_param_space(),
        tune_config=tune_config(plan),
        run_config=run_config(plan),
        wandb=dict(plan.wandb),
        height=height,
    )


def summary_of(plan: Plan) -> list[str]:
    names = [name for name, value in plan.space.items() if value.kind != "constant"]
    tuned = [f"{'highest' if mode == 'max' else 'lowest'} {name}" for name, mode in plan.objectives]
    more = len(names) - _MOST_NAMES
    varied = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    chosen = (plan.scheduler, plan.algorithm)
    return [
        *([str(plan.wandb["project"])] if "project" in plan.wandb else []),
        f"{plan.trials:,} trial{'s' if plan.trials != 1 else ''}",
        *([varied] if varied else []),
        *tuned,
        *(c.strategy.title for c in chosen if not c.is_plain and c.strategy.name != "random"),
    ]
