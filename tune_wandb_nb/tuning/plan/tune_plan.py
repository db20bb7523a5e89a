from importlib import import_module
from types import FunctionType
from typing import Any

from ray import tune

from tune_wandb_nb.tuning.plan.plan import ChosenStrategy, Plan

__all__ = ["run_config", "trainable_with_resources", "tune_config"]


def tune_config(plan: Plan) -> tune.TuneConfig:
    return tune.TuneConfig(
        **plan.tuned,
        num_samples=plan.samples,
        scheduler=_strategy_object(plan.scheduler, plan),
        search_alg=_strategy_object(plan.algorithm, plan),
        **plan.limits,
    )


def run_config(plan: Plan) -> tune.RunConfig:
    return tune.RunConfig(**plan.run_config)


def trainable_with_resources(plan: Plan, trainable: Any) -> Any:
    if not plan.resources:
        return trainable
    if isinstance(trainable, FunctionType):
        # tune.with_resources sets an attribute, which would also apply to the next search.
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


def _strategy_object(chosen: ChosenStrategy, plan: Plan) -> Any:
    if chosen.is_plain:
        return None
    module, _, name = chosen.strategy.path.rpartition(".")
    arguments = plan.arguments_of(chosen)
    if chosen.strategy.name == "pbt":
        arguments["hyperparam_mutations"] = plan.perturbed.to_param_space()
    return getattr(import_module(module), name)(**arguments)
