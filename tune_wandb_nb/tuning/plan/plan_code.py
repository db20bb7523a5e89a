import math
from dataclasses import replace

from tune_wandb_nb.search_space.distributions.base import Kept
from tune_wandb_nb.search_space.distributions.code_layout import Source, call, render, value
from tune_wandb_nb.search_space.inspection.import_name import CodeName
from tune_wandb_nb.search_space.space.space_code import space_source
from tune_wandb_nb.tuning.plan.plan import ChosenStrategy, Plan, StopAt

__all__ = ["plan_code"]

_KEPT_FROM = "given_space"


def plan_code(plan: Plan, trainable: CodeName | str = "train") -> str:
    """Return formatted Python; `Kept` objects come from a dictionary that a comment explains."""
    has_kept = any(isinstance(entry, Kept) for entry in plan.space.values())
    named = trainable if isinstance(trainable, CodeName) else CodeName(trainable)
    comments = [f"# {named.comment}"] if named.comment else []
    if has_kept:
        comments.append(f"# {_KEPT_FROM}: the param_space that was given to SetupPanel")
    experiment = call(
        "tw.Experiment",
        _trainable(plan, named.name),
        param_space="param_space",
        tune_config=_tune_config(plan),
        **_run_config(plan),
        wandb=value(dict(plan.wandb)),
    )
    lines = [*_imports(plan, named.imported), "", *comments]
    lines += [*render("param_space = ", space_source(plan.space, _KEPT_FROM)), ""]
    lines += [
        *render("experiment = ", replace(experiment, always_broken=True)),
        "experiment.start()",
        "",
    ]
    return "\n".join(lines)


def _imports(plan: Plan, more: str | None) -> list[str]:
    paths = [c.strategy.path for c in (plan.scheduler, plan.algorithm) if not c.is_plain]
    imports = ["from {0} import {2}".format(*path.rpartition(".")) for path in paths]
    imports += [more] if more else []
    return ["import tune_wandb_nb as tw", "from ray import tune", *sorted(imports)]


def _trainable(plan: Plan, trainable: str) -> Source:
    if not plan.resources:
        return trainable
    return call("tune.with_resources", trainable, value(plan.resources))


def _tune_config(plan: Plan) -> Source:
    arguments: dict[str, Source] = {
        **{name: value(given) for name, given in plan.tuned.items()},
        "num_samples": value(plan.samples),
    }
    if not plan.scheduler.is_plain:
        arguments["scheduler"] = _strategy(plan.scheduler, plan)
    if not plan.algorithm.is_plain:
        arguments["search_alg"] = _strategy(plan.algorithm, plan)
    arguments |= {name: value(data) for name, data in plan.limits.items()}
    return call("tune.TuneConfig", **arguments)


def _strategy(chosen: ChosenStrategy, plan: Plan) -> Source:
    arguments = {
        name: 'float("inf")' if data == math.inf else value(data)
        for name, data in plan.arguments_of(chosen).items()
    }
    if chosen.strategy.name == "pbt":
        arguments["hyperparam_mutations"] = space_source(plan.perturbed, None)
    return call(chosen.strategy.path.rpartition(".")[2], **arguments)


def _run_config(plan: Plan) -> dict[str, Source]:
    arguments = {
        name: call("tw.StopAt", value(data.at_least), value(data.at_most))
        if isinstance(data, StopAt)
        else value(data)
        for name, data in plan.run_config.items()
    }
    return {"run_config": call("tune.RunConfig", **arguments)} if arguments else {}
