from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tune_wandb_nb.search_space.distributions.base import Constant, Grid, Kept
from tune_wandb_nb.search_space.distributions.registry import KINDS
from tune_wandb_nb.search_space.distributions.values import SpaceError
from tune_wandb_nb.search_space.space.space import SearchSpace
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tuning.form.setup_fields import (
    DEFAULTS,
    LABELS,
    READERS,
    WANDB_TEXTS,
    WANDB_TICKS,
    is_key_like,
)
from tune_wandb_nb.tuning.form.space_rows import Row, read_rows
from tune_wandb_nb.tuning.plan.plan import ChosenStrategy, Plan
from tune_wandb_nb.tuning.plan.storage import storage_problem
from tune_wandb_nb.tuning.plan.strategies import ALGORITHMS, SCHEDULERS, Strategy, installed

__all__ = ["UNNAMED_PROJECT", "FieldProblem", "Reading", "Setup", "read_setup"]

_SEARCH = (
    *("metric", "mode", "samples", "concurrency", "cpus", "gpus", "time_budget"),
    *("iterations", "target", "name", "storage", "reuse_workers"),
)
UNNAMED_PROJECT = "uncategorized"
"""W&B itself uses it for runs without a project."""

_KIND_TITLES = {"kept": "objects kept as they are"}


@dataclass(frozen=True, slots=True)
class Setup:
    """A field that is missing has its default."""

    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rows: tuple[Row, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, DEFAULTS[name])


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """``row`` is the number of the row in the table, counted from 0."""

    field: str
    message: str
    row: int | None = None

    def __str__(self) -> str:
        if self.row is not None:
            return f"search space, row {self.row + 1}: {self.message}"
        return f"{LABELS.get(self.field, self.field)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Reading:
    """``space`` is set if the rows are right."""

    plan: Plan | None
    space: SearchSpace | None
    problems: tuple[FieldProblem, ...]


def read_setup(setup: Setup) -> Reading:
    """Texts that are wrong become problems, never an exception."""
    problems: list[FieldProblem] = []
    space, wrong = read_rows(setup.rows)
    problems += [FieldProblem(p.field, p.message, p.row) for p in wrong]
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
        # The form shows the message beside its field, so the name of the field would be repeated.
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
        problems.append(
            FieldProblem(
                name, f"must be one of {', '.join(offered)}, but it is {setup[name]!r:.80}."
            )
        )
        return None
    if not installed(strategy):
        problems.append(
            FieldProblem(name, f"{strategy.title} is not installed: pip install {strategy.needs}.")
        )
    settings = {
        setting.name: _read(
            setup[strategy.field_of(setting)], strategy.field_of(setting), setting.read, problems
        )
        for setting in strategy.settings
    }
    return ChosenStrategy(strategy, settings)


def _conflicts(
    space: SearchSpace,
    row_of: Mapping[str, int],
    scheduler: ChosenStrategy | None,
    algorithm: ChosenStrategy | None,
) -> Sequence[FieldProblem]:
    problems: list[FieldProblem] = []
    if algorithm is not None:
        problems += _unsupported_kinds(algorithm.strategy, space, row_of)
    if scheduler is not None and scheduler.strategy.name == "pbt":
        problems += _pbt_conflicts(space, scheduler, algorithm)
    if scheduler is not None and scheduler.strategy.name == "asha":
        longest, shortest = (scheduler.settings.get(k) for k in ("max_t", "grace_period"))
        if longest is not None and shortest is not None and shortest > longest:
            message = f"must not be above the longest trial ({longest}), but it is {shortest}."
            problems.append(FieldProblem("asha.grace_period", message))
    return problems


def _objective_conflicts(
    values: Mapping[str, Any],
    scheduler: ChosenStrategy | None,
    algorithm: ChosenStrategy | None,
) -> Sequence[FieldProblem]:
    """Return what does not go together with several metrics, or with one."""
    metric, mode = values["metric"], values["mode"]
    if metric is None or mode is None:
        return ()
    metrics, modes = (each if isinstance(each, tuple) else (each,) for each in (metric, mode))
    problems: list[FieldProblem] = []
    if len(metrics) != len(modes):
        message = f"must say min or max for each metric, but there are {len(metrics)} metrics"
        problems.append(FieldProblem("mode", f"{message} and {len(modes)} of them."))
    if len(metrics) == 1:
        return problems
    offered = {"scheduler": (scheduler, SCHEDULERS), "algorithm": (algorithm, ALGORITHMS)}
    for name, (chosen, known) in offered.items():
        if chosen is not None and not chosen.strategy.takes_several:
            able = " or ".join(each.title for each in known.values() if each.takes_several)
            message = f"{chosen.strategy.title} works with one metric, but there are"
            message += f" {len(metrics)} ({', '.join(metrics)}); take {able}."
            problems.append(FieldProblem(name, message))
    if values["target"] is not None:
        message = f"is the value of one metric, but there are {len(metrics)}; leave it empty."
        problems.append(FieldProblem("target", message))
    return problems


def _unsupported_kinds(
    algorithm: Strategy, space: SearchSpace, row_of: Mapping[str, int]
) -> Sequence[FieldProblem]:
    problems: list[FieldProblem] = []
    supported = ", ".join(kind for kind in KINDS if kind in algorithm.kinds)
    for name, distribution in space.items():
        if distribution.kind not in algorithm.kinds:
            kind = _KIND_TITLES.get(distribution.kind, distribution.kind)
            message = f"{algorithm.title} cannot work with {kind}; it takes {supported}."
            problems.append(FieldProblem("kind", message, row_of[name]))
    all_constant = all(isinstance(entry, Constant) for entry in space.values())
    if algorithm.name != "random" and all_constant:
        message = f"{algorithm.title} needs a hyperparameter to search, but all are constant."
        problems.append(FieldProblem("algorithm", message))
    return problems


def _pbt_conflicts(
    space: SearchSpace, scheduler: ChosenStrategy, algorithm: ChosenStrategy | None
) -> Sequence[FieldProblem]:
    problems: list[FieldProblem] = []
    if algorithm is not None and algorithm.strategy.name != "random":
        message = "population based training changes hyperparameters itself; take random and grid."
        problems.append(FieldProblem("algorithm", message))
    drawn = [n for n, entry in space.items() if not isinstance(entry, Constant | Grid | Kept)]
    selected = scheduler.settings.get("perturbed") or ()
    unknown = [name for name in selected if name not in drawn]
    if unknown:
        drawn_names = ", ".join(drawn) or "none"
        message = (
            f"{unknown[0]!r:.80} is not drawn in the search space; those that are: {drawn_names}."
        )
        problems.append(FieldProblem("pbt.perturbed", message))
    elif not drawn:
        message = "population based training needs a hyperparameter that is drawn."
        problems.append(FieldProblem("scheduler", message))
    return problems
