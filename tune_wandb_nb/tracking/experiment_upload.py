"""`upload_experiment`: W&B runs out of the folder of any Tune experiment."""

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.account import AccountError
from tune_wandb_nb.tracking.desk import check_project
from tune_wandb_nb.tracking.destination import Destination, find_destination
from tune_wandb_nb.tracking.experiment_folder import RecordedTrial, local_copy, read_experiment
from tune_wandb_nb.tracking.outcome import failed_outcome, finished_outcome
from tune_wandb_nb.tracking.rows import Row, RowRules, TrialRows
from tune_wandb_nb.tracking.settings import WandbSettings
from tune_wandb_nb.tracking.trial_run import Ending, InitPlan, TrialRun

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UPLOAD_COLUMNS", "upload_experiment"]

UPLOAD_COLUMNS = ("trial_id", "name", "state", "rows", "uploaded", "note", "url")


def upload_experiment(
    path: str | Path,
    project: str | None = None,
    *,
    group: str | None = None,
    entity: str | None = None,
    excludes: Sequence[str] = (),
    best: Mapping[str, str] | None = None,
    host: str | None = None,
    api_key: str | None = None,
    api_key_file: str | None = None,
    parallel: int = 8,
    progress: bool = True,
) -> "pd.DataFrame":
    """Make W&B runs out of a Tune experiment's folder, whoever tracked it, or nobody.

    It is the way to bring an old search to W&B, and to repair one: rows that W&B does not have yet
    are added to the runs of the trials' ids, so that it can be called again, and while the search
    goes on. Each row has the time of its result. What is only in memory during a search (images,
    the hyperparameters that PBT has changed) is not in the folder.

    Args:
        path: The experiment's folder (``ResultGrid.experiment_path``), local or as in
            ``s3://bucket/experiment``.
        project: The W&B project; by default ``WANDB_PROJECT``.
        group: The runs' group; by default the experiment's name.
        entity: The team or user; by default that of the key.
        excludes: Metrics and hyperparameters to leave out, as for `WandbLogger`.
        best: Metrics whose best value goes into the summary, as for `WandbLogger`.
        host: The W&B server; by default ``WANDB_BASE_URL``, else W&B's cloud.
        api_key: The API key; by default it is found where `WandbLogger` finds it.
        api_key_file: A file whose first line is the key.
        parallel: How many runs are uploaded at once.
        progress: Show a bar.

    Returns:
        One row a trial: trial_id; name; state ("uploaded", "already in W&B", "waiting" for its
        first row, "failed"); rows that Tune has; rows that were uploaded now; note; url.

    Raises:
        SettingsError: there is no key or no such folder, or an argument cannot be used.
        AccountError: the server refuses the key or cannot be reached.

    Example:
        >>> table = upload_experiment("~/ray_results/train_2026-01-01_12-00-00", "digits")
        >>> list(table["state"])
        ['uploaded']
    """
    import pandas as pd
    from tqdm.auto import tqdm

    given = {"excludes": excludes, "best": best, "host": host, "project": project}
    given |= {"group": group, "api_key": api_key, "api_key_file": api_key_file}
    destination, settings = find_destination(given, entity)
    check_project(settings)
    with local_copy(str(path)) as folder, tempfile.TemporaryDirectory(prefix="tune-") as scratch:
        trials = read_experiment(folder)
        name = str(path).rstrip("/").rpartition("/")[2]
        upload = _Upload(destination, settings, settings.group or name, scratch)
        outcomes: dict[str, _Outcome] = {}
        with (
            ThreadPoolExecutor(parallel) as pool,
            tqdm(trials, "Uploading to W&B", unit="run", disable=not progress) as bar,
        ):
            for done in as_completed(pool.submit(upload.trial, trial) for trial in trials):
                outcomes[done.result().trial_id] = done.result()
                bar.update()
    rows = [[getattr(outcomes[t.trial_id], c) for c in UPLOAD_COLUMNS] for t in trials]
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(UPLOAD_COLUMNS))
    return table


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A line of the table."""

    trial_id: str
    name: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""
    url: str | None = None


class _Upload:
    def __init__(
        self, destination: Destination, settings: WandbSettings, group: str, scratch: str
    ) -> None:
        self._to = destination
        self._settings = settings
        self._group = group
        self._scratch = scratch
        self._rules = RowRules.of(settings.excludes, log_config=False, best=settings.best)

    def trial(self, trial: RecordedTrial) -> _Outcome:
        """Bring one trial's run to what Tune has of it."""
        outcome = partial(_Outcome, trial.trial_id, trial.name)
        there = {"entity": None, "project": self._settings.project}
        try:
            known = self._to.look_up(trial.trial_id, **there)
        except AccountError as error:
            return outcome("failed", note=str(error))
        rows = TrialRows(self._rules, trial.config)
        run = TrialRun(trial.trial_id, trial.name, self._plan(trial, rows), say=lambda _: None)
        has = -1 if known.iteration is None else known.iteration
        reported = 0
        for reported, result in enumerate(trial.results(), start=1):
            row = rows.row(result)
            if result.get("training_iteration", reported) > has:
                _open(run)
                run.reported += 1
                run.write(_timed(row, result))
        if not run.is_open and not reported and not trial.is_over:
            return outcome("waiting")
        if not run.is_open and known.state in _states_of(trial):
            return outcome("already in W&B", reported)
        _open(run)
        url = run.url
        run.end(_ending(trial))
        if run.mode != "online":
            return outcome("failed", reported, note=run.note)
        if not self._to.has(run.last_step, trial.trial_id, **there):
            return outcome("failed", reported, note="W&B has not taken all of its rows", url=url)
        return outcome("uploaded", reported, run.logged, run.explain(), url)

    def _plan(self, trial: RecordedTrial, rows: TrialRows) -> InitPlan:
        arguments = {
            "id": trial.trial_id,
            "name": trial.name,
            "group": self._group,
            "project": self._settings.project,
            "entity": self._to.entity or self._to.default_entity or None,
            "config": rows.config,
            "dir": self._scratch,
            "resume": "allow",
        }
        return InitPlan("online", arguments, self._to.key, self._to.host)


def _open(run: TrialRun) -> None:
    if run.state == "waiting":
        run.open()


def _timed(row: Row, result: Mapping[str, Any]) -> Row:
    """Give a row the time of its result: W&B's own would be that of the upload."""
    reported_at = result.get("timestamp")
    if not row.metrics or not isinstance(reported_at, int | float):
        return row
    return replace(row, metrics={**row.metrics, "_timestamp": float(reported_at)})


def _states_of(trial: RecordedTrial) -> frozenset[str]:
    """Return the states in which W&B has a trial's run once all is there."""
    if not trial.is_over:
        return frozenset({"finished", "failed", "crashed", "killed", "running"})
    return frozenset({"failed" if trial.status == "ERROR" else "finished"})


def _ending(trial: RecordedTrial) -> Ending:
    if trial.status == "ERROR":
        return failed_outcome(trial.error())
    # Who or what has stopped it is not in the folder.
    return finished_outcome("ended" if trial.is_over else trial.status.lower())
