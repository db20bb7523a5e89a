from collections.abc import Mapping
from importlib import import_module
from types import FunctionType
from typing import Any

from ray import tune

from tune_wandb_nb.tuning.plan.plan import ChosenStrategy, Plan
from tune_wandb_nb.tuning.plan.storage import storage_folder

__all__ = ["run_config", "trainable_with_resources", "tune_config"]


def tune_config(plan: Plan) -> tune.TuneConfig:
    # Tune ignores max_concurrent_trials for a BasicVariantGenerator that it did not make itself,
    # so the generator of draws with a seed gets the limit as its own argument.
    limits_itself = plan.concurrency is not None and plan.seed is not None
    more = {"max_concurrent": plan.concurrency} if limits_itself else {}
    return tune.TuneConfig(
        **plan.tuned,
        num_samples=plan.samples,
        scheduler=_strategy_object(plan.scheduler, plan),
        search_alg=_strategy_object(plan.algorithm, plan, **more),
        max_concurrent_trials=None if limits_itself else plan.concurrency,
        time_budget_s=plan.time_budget,
        reuse_actors=plan.reuse_workers,
    )


def run_config(plan: Plan) -> tune.RunConfig:
    stop = plan.stop
    return tune.RunConfig(
        name=plan.name,
        storage_path=None if plan.storage is None else storage_folder(plan.storage),
        stop=dict(stop) if isinstance(stop, Mapping) else stop,
    )


def trainable_with_resources(plan: Plan, trainable: Any) -> Any:
    """The original does not change."""
    if not plan.resources:
        return trainable
    if isinstance(trainable, FunctionType):
        # tune.with_resources sets an attribute of the function itself, which would also apply to
        # the next search, so the function is copied first.
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


def _strategy_object(chosen: ChosenStrategy, plan: Plan, **more: Any) -> Any:
    if chosen.is_plain:
        return None
    module, _, name = chosen.strategy.path.rpartition(".")
    arguments = {**plan.arguments_of(chosen), **more}
    if chosen.strategy.name == "pbt":
        arguments["hyperparam_mutations"] = plan.perturbed.to_param_space()
    return getattr(import_module(module), name)(**arguments)
