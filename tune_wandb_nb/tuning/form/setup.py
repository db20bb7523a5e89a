from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Constant, Grid, Kept
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tuning.board.trial import unreported
from tune_wandb_nb.tuning.form.setup_fields import (
    DEFAULTS,
    READERS,
    WANDB_TEXTS,
    WANDB_TICKS,
    FieldProblem,
    is_key_like,
)
from tune_wandb_nb.tuning.form.space_rows import Row, read_rows
from tune_wandb_nb.tuning.plan.plan import ChosenStrategy, Plan
from tune_wandb_nb.tuning.plan.storage import free_name, storage_problem
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy, installed

__all__ = ["UNNAMED_PROJECT", "Reading", "Setup", "advice", "read_setup"]

_SEARCH = (
    *("metric", "mode", "samples", "concurrency", "cpus", "gpus", "time_budget"),
    *("iterations", "target", "name", "storage", "reuse_workers"),
)
UNNAMED_PROJECT = "uncategorized"
"""W&B's own for runs without a project."""

_MANY_TRIALS = 10_000
_KIND_TITLES = {"kept": "objects kept as they are"}


@dataclass(frozen=True, slots=True)
class Setup:
    """A field that is missing has its default."""

    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rows: tuple[Row, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, DEFAULTS[name])


@dataclass(frozen=True, slots=True)
class Reading:
    plan: Plan | None
    space: SearchSpace | None
    problems: tuple[FieldProblem, ...]


def read_setup(setup: Setup) -> Reading:
    """Wrong texts become problems."""
    space, problems = read_rows(setup.rows)
    wandb = _read_wandb(setup, problems)
    values = {name: _read(setup[name], name, READERS[name], problems) for name in _SEARCH}
    if (unwritable := storage_problem(values["storage"], values["name"])) is not None:
        problems.append(FieldProblem(*unwritable))
    scheduler = _read_strategy(setup, "scheduler", SCHEDULERS, problems)
    algorithm = _read_strategy(setup, "algorithm", ALGORITHMS, problems)
    problems += _objective_conflicts(values, scheduler, algorithm)
    if space is not None:
        row_of = {row.name.strip(): index for index, row in enumerate(setup.rows)}
        problems += _conflicts(space, row_of, scheduler, algorithm)
    if problems or space is None or scheduler is None or algorithm is None:
        return Reading(None, space, tuple(problems))
    plan = Plan(space=space, wandb=wandb, scheduler=scheduler, algorithm=algorithm, **values)
    return Reading(plan, space, ())


def _read(
    text: str, name: str, read: Callable[[str, str], Any], problems: list[FieldProblem]
) -> Any:
    if is_key_like(text):
        problems.append(FieldProblem(name, "looks like an API key, which has a field of its own."))
        return None
    try:
        return read(text, name)
    except SpaceError as error:
        # The form shows the message beside its field.
        problems.append(FieldProblem(name, error.message.removeprefix(f"{name} ")))
        return None


def _read_wandb(setup: Setup, problems: list[FieldProblem]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name in (*WANDB_TEXTS, *WANDB_TICKS):
        value = _read(setup[name], name, READERS[name], problems)
        if value is None:
            continue
        try:
            WandbSettings.resolve({name: value})
        except SettingsError as error:
            problems.append(FieldProblem(name, str(error).removeprefix(f"{name} ")))
        else:
            settings[name] = value
    settings.setdefault("project", UNNAMED_PROJECT)
    if setup["offline"]:
        settings["mode"] = "offline"
    return settings


def _read_strategy(
    setup: Setup, name: str, offered: Mapping[str, Strategy], problems: list[FieldProblem]
) -> ChosenStrategy | None:
    strategy = offered.get(setup[name])
    if strategy is None:
        message = f"must be one of {', '.join(offered)}, but it is {setup[name]!r:.80}."
        problems.append(FieldProblem(name, message))
        return None
    if not installed(strategy):
        message = f"{strategy.title} is not installed: pip install {strategy.needs}."
        problems.append(FieldProblem(name, message))
    fields = {strategy.field_of(setting): setting for setting in strategy.settings}
    return ChosenStrategy(
        strategy,
        {
            setting.name: _read(setup[field], field, setting.read, problems)
            for field, setting in fields.items()
        },
    )


def _conflicts(
    space: SearchSpace,
    row_of: Mapping[str, int],
    scheduler: ChosenStrategy | None,
    algorithm: ChosenStrategy | None,
) -> Iterator[FieldProblem]:
    if algorithm is not None:
        yield from _unsupported_kinds(algorithm.strategy, space, row_of)
    if scheduler is not None and scheduler.strategy.name == "pbt":
        yield from _pbt_conflicts(space, scheduler, algorithm)
    if scheduler is not None and scheduler.strategy.name == "asha":
        longest, shortest = (scheduler.settings.get(k) for k in ("max_t", "grace_period"))
        if longest is not None and shortest is not None and shortest > longest:
            message = f"must not be above the longest trial ({longest}), but it is {shortest}."
            yield FieldProblem("asha.grace_period", message)


def _objective_conflicts(
    values: Mapping[str, Any],
    scheduler: ChosenStrategy | None,
    algorithm: ChosenStrategy | None,
) -> Iterator[FieldProblem]:
    metric, mode = values["metric"], values["mode"]
    if metric is None or mode is None:
        return
    metrics, modes = (each if isinstance(each, tuple) else (each,) for each in (metric, mode))
    if len(metrics) != len(modes):
        message = f"must say min or max for each metric, but there are {len(metrics)} metrics"
        yield FieldProblem("mode", f"{message} and {len(modes)} of them.")
    if len(metrics) == 1:
        return
    offered = {"scheduler": (scheduler, SCHEDULERS), "algorithm": (algorithm, ALGORITHMS)}
    for name, (chosen, known) in offered.items():
        if chosen is not None and not chosen.strategy.takes_several:
            able = " or ".join(each.title for each in known.values() if each.takes_several)
            message = f"{chosen.strategy.title} works with one metric, but there are"
            message += f" {len(metrics)} ({', '.join(metrics)}); take {able}."
            yield FieldProblem(name, message)
    if values["target"] is not None:
        message = f"is the value of one metric, but there are {len(metrics)}; leave it empty."
        yield FieldProblem("target", message)


def _unsupported_kinds(
    algorithm: Strategy, space: SearchSpace, row_of: Mapping[str, int]
) -> Iterator[FieldProblem]:
    supported = ", ".join(kind for kind in KINDS if kind in algorithm.kinds)
    for name, distribution in space.items():
        if distribution.kind not in algorithm.kinds:
            kind = _KIND_TITLES.get(distribution.kind, distribution.kind)
            message = f"{algorithm.title} cannot work with {kind}; it takes {supported}."
            yield FieldProblem("kind", message, row_of[name])
    all_constant = all(isinstance(entry, Constant) for entry in space.values())
    if algorithm.name != "random" and all_constant:
        message = f"{algorithm.title} needs a hyperparameter to search, but all are constant."
        yield FieldProblem("algorithm", message)


def _pbt_conflicts(
    space: SearchSpace, scheduler: ChosenStrategy, algorithm: ChosenStrategy | None
) -> Iterator[FieldProblem]:
    if algorithm is not None and algorithm.strategy.name != "random":
        message = "population based training changes hyperparameters itself; take random and grid."
        yield FieldProblem("algorithm", message)
    drawn = [n for n, entry in space.items() if not isinstance(entry, Constant | Grid | Kept)]
    selected = scheduler.settings.get("perturbed") or ()
    unknown = [name for name in selected if name not in drawn]
    if unknown:
        message = f"{unknown[0]!r:.80} is not drawn in the search space; those that are:"
        yield FieldProblem("pbt.perturbed", f"{message} {', '.join(drawn) or 'none'}.")
    elif not drawn:
        message = "population based training needs a hyperparameter that is drawn."
        yield FieldProblem("scheduler", message)


def advice(
    plan: Plan, reported: Sequence[str] = (), available: Mapping[str, float] | None = None
) -> Iterator[FieldProblem]:
    """Yield warnings about a plan that can start all the same."""
    unknown = unreported([metric for metric, _ in plan.objectives], reported)
    if unknown:
        which = "is" if len(plan.objectives) == 1 else f"{unknown[0]!r:.80} is"
        message = f"{which} not what the training function's source reports:"
        yield FieldProblem("metric", f"{message} {', '.join(reported)}.")
    for name, amount in (("cpus", plan.cpus), ("gpus", plan.gpus)):
        total = (available or {}).get(name[:-1].upper())
        if amount is not None and total is not None and amount > total:
            message = f"a trial asks for {amount:g}, but there are {total:g}:"
            yield FieldProblem(name, f"{message} trials would wait for ever.")
    if plan.name is not None and (free := free_name(plan.storage, plan.name)) != plan.name:
        yield FieldProblem("name", f"is there already: this search will be named {free!r}.")
    if plan.trials > _MANY_TRIALS:
        yield FieldProblem("samples", f"makes {plan.trials:,} trials.")
    if plan.iterations is not None and plan.scheduler.settings.get("max_t", 0) > plan.iterations:
        message = f"trials end after {plan.iterations} iterations anyway."
        yield FieldProblem(f"{plan.scheduler.strategy.name}.max_t", message)
