"""A plan as Ray Tune's own objects: the only place that turns one into the other."""

from collections.abc import Mapping
from importlib import import_module
from types import FunctionType
from typing import Any

from ray import tune

from tune_wandb_nb.tuning.plan.plan import Chosen, Plan
from tune_wandb_nb.tuning.plan.storage import storage_folder

__all__ = ["run_config", "trainable_with_resources", "tune_config"]


def tune_config(plan: Plan) -> tune.TuneConfig:
    """Return the ``TuneConfig``."""
    # Random draws count their own trials at once: Tune does not tell them.
    counted = plan.concurrency is not None and plan.seed is not None
    more = {"max_concurrent": plan.concurrency} if counted else {}
    return tune.TuneConfig(
        metric=plan.metric,
        mode=plan.mode,
        num_samples=plan.samples,
        scheduler=_made(plan.scheduler, plan),
        search_alg=_made(plan.algorithm, plan, **more),
        max_concurrent_trials=None if counted else plan.concurrency,
        time_budget_s=plan.time_budget,
        reuse_actors=plan.reuse_workers,
    )


def run_config(plan: Plan) -> tune.RunConfig:
    """Return the ``RunConfig``."""
    stop = plan.stop
    return tune.RunConfig(
        name=plan.name,
        storage_path=None if plan.storage is None else storage_folder(plan.storage),
        stop=dict(stop) if isinstance(stop, Mapping) else stop,
    )


def trainable_with_resources(plan: Plan, trainable: Any) -> Any:
    """Return what is trained with the CPUs and GPUs of the plan; the original stays as it is."""
    if not plan.resources:
        return trainable
    if isinstance(trainable, FunctionType):
        # Tune writes the resources on the function itself, where the next search would find them.
        copied = FunctionType(
            trainable.__code__,
            trainable.__globals__,
            trainable.__name__,
            trainable.__defaults__,
            trainable.__closure__,
        )
        copied.__kwdefaults__ = trainable.__kwdefaults__
        copied.__module__ = trainable.__module__
        copied.__qualname__ = trainable.__qualname__
        copied.__dict__.update(trainable.__dict__)
        trainable = copied
    return tune.with_resources(trainable, plan.resources)


def _made(chosen: Chosen, plan: Plan, **more: Any) -> Any:
    if chosen.is_plain:
        return None
    module, _, name = chosen.strategy.path.rpartition(".")
    arguments = {**chosen.arguments(), **more}
    if chosen.strategy.name == "pbt":
        arguments["hyperparam_mutations"] = plan.perturbed.to_param_space()
    return getattr(import_module(module), name)(**arguments)
