import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tune_wandb_nb.search_space.space.importance_shares import most_important
from tune_wandb_nb.tracking.history.tune_experiment import (
    RecordedTrial,
    experiment_name,
    local_copy,
    read_experiment,
    search_start,
)
from tune_wandb_nb.tracking.results.payload import Excludes
from tune_wandb_nb.tracking.settings.settings import SettingsError, check_project
from tune_wandb_nb.tracking.upload.destination import find_destination
from tune_wandb_nb.tracking.views.search_report import save_report
from tune_wandb_nb.tracking.views.search_run import TrialEntry
from tune_wandb_nb.tracking.views.search_view import ViewContent

__all__ = ["report"]


def report(
    experiment: Any,
    project: str | None = None,
    *,
    mode: str,
    metric: str | None = None,
    group: str | None = None,
    entity: str | None = None,
    host: str | None = None,
    api_key: str | None = None,
    api_key_file: str | None = None,
) -> str:
    """Write a W&B report of a search, and return its address.

    It says what was searched and which trial is best, with the charts of `WandbLogger.save_view`
    and a table of the trials. The runs must be in W&B: by `WandbLogger`, `sync_runs` or
    `upload_experiment`. It needs wandb-workspaces (``pip install 'tune-wandb-nb[view]'``).

    Args:
        experiment: The path or URI of the experiment's folder, an `Experiment`, or a
            ``tune.ResultGrid``.
        project: By default ``WANDB_PROJECT``.
        mode: Whether the "min" or the "max" of the metric is best.
        metric: By default the one that was optimized.
        group: The runs' group; by default the experiment's name.
        entity: The team or user; by default the key's.
        host: The W&B server; by default ``WANDB_BASE_URL``, else W&B's cloud.
        api_key: The API key; by default as for `WandbLogger`.
        api_key_file: A file whose first line is the key.

    Raises:
        SettingsError: there is no key or no such folder, or an argument cannot be used.
        AccountError: the server refuses the key or cannot be reached.
        ViewError: wandb-workspaces is not installed, or the server takes no report.

    Example:
        >>> table = tw.upload_experiment("~/ray_results/digits", "digits", progress=False)
        >>> tw.report("~/ray_results/digits", "digits", metric="accuracy", mode="max")
        'http.../digits/reports/digits--...'
    """
    if mode not in ("min", "max"):
        raise SettingsError(f"mode must be 'min' or 'max', but it is {mode!r:.80}.")
    arguments = {"host": host, "project": project, "group": group, "api_key": api_key}
    destination, settings = find_destination({**arguments, "api_key_file": api_key_file}, entity)
    check_project(settings, way="pass it as the second argument, ")
    path = _path_of(experiment)
    with local_copy(path) as folder:
        metric = metric or search_start(folder)[0]
        if metric is None:
            raise SettingsError("Tune's files name no metric that was optimized; pass metric=.")
        trials = _ranked([_entry(trial) for trial in read_experiment(folder)], metric, mode)
    varied = _varied(trials)
    rated = [(each.params, each.metrics[metric]) for each in trials if metric in each.metrics]
    content = ViewContent(
        name=experiment_name(path),
        entity=str(entity or destination.default_entity),
        project=str(settings.project),
        group=settings.group or experiment_name(path),
        metric=metric,
        mode=mode,
        params=dict.fromkeys(varied, False),
        important=most_important(rated, varied),
    )
    return save_report(destination.host, destination.key, content, trials)


def _path_of(experiment: Any) -> str:
    path = experiment
    if not isinstance(path, str | Path):
        path = getattr(path, "experiment_path", None) or getattr(path, "path", None)
    if not isinstance(path, str | os.PathLike):
        raise SettingsError(
            "a report is made of the path or URI of an experiment's folder, or of an Experiment"
            f" that has started, but it is a {type(experiment).__name__}."
        )
    return os.fspath(path)


def _entry(trial: RecordedTrial) -> TrialEntry:
    last: dict[str, Any] = next(iter(deque(trial.results(), maxlen=1)), {})
    names = trial.trial_id, trial.name, trial.status.lower()
    return TrialEntry.of(names, trial.config, last, Excludes())


def _ranked(trials: Sequence[TrialEntry], metric: str, mode: str) -> list[TrialEntry]:

    def rank(trial: TrialEntry) -> tuple[bool, float]:
        value = trial.metrics.get(metric)
        if value is None or value != value:  # noqa: PLR0124 - NaN alone
            return True, 0.0
        return False, value if mode == "min" else -value

    return sorted(trials, key=rank)


def _varied(trials: Sequence[TrialEntry]) -> list[str]:
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    return [name for name in names if len({repr(t.params.get(name)) for t in trials}) > 1]
