import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.history.tune_experiment import (
    experiment_name,
    local_copy,
    read_experiment,
)
from tune_wandb_nb.tracking.settings.settings import check_project
from tune_wandb_nb.tracking.upload.destination import find_destination
from tune_wandb_nb.tracking.upload.tune_trial import TrialOutcome, TrialUpload

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["upload_experiment"]


def upload_experiment(
    path: str | Path,
    project: str | None = None,
    *,
    group: str | None = None,
    entity: str | None = None,
    sweep: str | None = None,
    excludes: Sequence[str] = (),
    best: Mapping[str, str] | None = None,
    host: str | None = None,
    api_key: str | None = None,
    api_key_file: str | None = None,
    parallel: int = 8,
    progress: bool = True,
) -> "pd.DataFrame":
    """Make W&B runs out of a Tune experiment's folder, whoever tracked it, or nobody.

    This brings an old search to W&B, or repairs one: training iterations that W&B lacks are added
    to the runs of the trials' ids, also when it is called again, and while the search goes on. W&B
    only appends: what was missing in the middle has later steps, and its place by
    training_iteration. Each row has the time of its result. What a search has only in memory
    (images, hyperparameters that PBT has changed) is not in the folder.

    Args:
        path: The experiment's folder (``ResultGrid.experiment_path``), or a URI such as
            ``s3://bucket/experiment``.
        project: By default ``WANDB_PROJECT``.
        group: The runs' group; by default the experiment's name.
        entity: The team or user; by default the key's.
        sweep: The id of the W&B sweep for new runs (the last part of ``WandbLogger.sweep_url``).
        excludes: Metrics and hyperparameters to leave out, as for `WandbLogger`.
        best: Metrics whose best value goes into the summary, as for `WandbLogger`.
        host: The W&B server; by default ``WANDB_BASE_URL``, else W&B's cloud.
        api_key: The API key; by default as for `WandbLogger`.
        api_key_file: A file whose first line is the key.
        parallel: How many runs are uploaded at once.
        progress: Show a bar.

    Returns:
        One row a trial: trial_id; name; state ("uploaded", "already in W&B", "waiting" for its
        first row, "failed"); rows that Tune has; rows uploaded now; note; url.

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

    arguments = {"excludes": excludes, "best": best, "host": host, "project": project}
    arguments |= {"group": group, "api_key": api_key, "api_key_file": api_key_file}
    destination, settings = find_destination(arguments, entity)
    check_project(settings)
    with local_copy(str(path)) as folder, tempfile.TemporaryDirectory(prefix="tune-") as scratch:
        trials = read_experiment(folder)
        settings = replace(settings, group=settings.group or experiment_name(str(path)))
        upload = TrialUpload(destination, settings, scratch=scratch, sweep=sweep or "")
        outcomes: dict[str, TrialOutcome] = {}
        with (
            ThreadPoolExecutor(parallel) as pool,
            tqdm(trials, "Uploading to W&B", unit="run", disable=not progress) as bar,
        ):
            for done in as_completed(pool.submit(upload.upload, trial) for trial in trials):
                outcomes[done.result().trial_id] = done.result()
                bar.update()
    rows = [outcomes[trial.trial_id] for trial in trials]
    table: pd.DataFrame = pd.DataFrame(rows, columns=[each.name for each in fields(TrialOutcome)])
    return table
