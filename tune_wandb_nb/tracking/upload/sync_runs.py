import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.compat.wandb_folders import is_synced
from tune_wandb_nb.tracking.notices import count
from tune_wandb_nb.tracking.upload.destination import find_destination
from tune_wandb_nb.tracking.upload.live import LiveUpload
from tune_wandb_nb.tracking.upload.offline_runs import Outcome, RunUpload, already_uploaded
from tune_wandb_nb.tracking.upload.rebuild import rebuild
from tune_wandb_nb.tracking.upload.select_files import files_to_upload

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["summary", "sync_runs"]

_COLUMNS = ["run_id", "state", "rows", "uploaded", "note", "path"]


def sync_runs(
    paths: Any = None,
    *,
    group: str | None = None,
    progress: bool = True,
    live: bool = False,
    patience: float = 300.0,
    parallel: int = 8,
    entity: str | None = None,
    project: str | None = None,
    host: str | None = None,
    api_key: str | None = None,
    api_key_file: str | None = None,
) -> "pd.DataFrame":
    """Upload runs that were recorded offline; W&B then holds each of their rows exactly once.

    Only what W&B lacks is uploaded: it can be interrupted and called again, also for runs that
    still go on. What the file of a killed process, or a broken one, lacks is taken from Tune's own
    files if they still exist; else it is named, and stops no other. wandb itself uploads (``wandb
    beta sync``).

    Args:
        paths: A `WandbLogger`, an `Experiment`, a folder of an offline run or one with such folders
            anywhere below, a ``.wandb`` file, or a list of these; by default ``WANDB_DIR/wandb``,
            else ``./wandb``.
        group: Only the runs of this group, such as a search (its experiment's name).
        progress: Show a bar.
        live: Follow runs that are being written or yet to come, until all have ended and no new
            one has come for ``patience`` seconds, or until an interrupt: for a search on a machine
            without internet, called on one that has it and shares the folder.
        patience: Seconds; see ``live``.
        parallel: How many runs are uploaded at once.
        entity: The team or user; by default the run's.
        project: The project; by default the run's.
        host: The W&B server; by default the logger's, ``WANDB_BASE_URL`` or W&B's cloud.
        api_key: The API key; by default as for `WandbLogger`.
        api_key_file: A file whose first line is the key.

    Returns:
        One row a file: run_id; state ("synced", "synced so far" of a run without an end, "rebuilt"
        from Tune's files, "already synced", "empty", "broken", "failed"); rows that it holds; rows
        uploaded now; note; path.

    Raises:
        SettingsError: there is no key, or an argument cannot be used.
        AccountError: the server refuses the key or cannot be reached. Nothing is lost.
        FileNotFoundError: a path does not exist.

    Example:
        >>> import tempfile
        >>> len(sync_runs(tempfile.mkdtemp()))
        0
    """
    import pandas as pd

    host = host or getattr(getattr(paths, "logger", paths), "host", None)
    settings = {"host": host, "api_key": api_key, "api_key_file": api_key_file, "project": project}
    find_files = partial(files_to_upload, paths, group)
    files = find_files()
    outcomes = {file: already_uploaded(file) for file in files if is_synced(file)}
    todo = [file for file in files if file not in outcomes]
    if todo or live:
        destination, _ = find_destination(settings, entity)
        with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as scratch:
            upload = RunUpload(destination, Path(scratch), parallel)
            follower = LiveUpload(upload, destination, find_files, patience) if live else None
            _upload(todo, outcomes, upload, follower, progress=progress)
            incomplete = [outcome for outcome in outcomes.values() if outcome.may_lack_rows]
            rebuilt = rebuild(incomplete, destination, Path(scratch))
            outcomes |= {outcome.path: outcome for outcome in rebuilt}
    ordered = [outcomes[file] for file in dict.fromkeys([*files, *outcomes]) if file in outcomes]
    table: pd.DataFrame = pd.DataFrame(ordered, columns=_COLUMNS).astype({"path": str})
    return table


def _upload(
    todo: Sequence[Path],
    outcomes: dict[Path, Outcome],
    upload: RunUpload,
    follower: LiveUpload | None,
    *,
    progress: bool,
) -> None:
    from tqdm.auto import tqdm

    with tqdm(todo, "Uploading to W&B", unit="run", disable=not progress) as bar:

        def report(outcome: Outcome) -> None:
            outcomes[outcome.path] = outcome
            bar.total = len(outcomes.keys() | set(todo))
            bar.update()

        if follower is not None:
            follower.follow(report)
        else:
            upload.upload(todo, report)


def summary(table: "pd.DataFrame") -> str:
    is_uploaded = table["state"].isin(["synced", "synced so far", "rebuilt", "already synced"])
    uploaded, missing = table[is_uploaded], table[~is_uploaded & (table["state"] != "empty")]
    runs, failed = uploaded["run_id"].nunique(), missing["run_id"].nunique()
    if not failed:
        rows = int(uploaded["rows"].sum())
        verb = "is" if rows == 1 else "are"
        return f"{count(rows, 'row')} of {count(runs, 'run')} {verb} in W&B."
    first = missing.iloc[0]
    return (
        f"{count(runs, 'run')} of {runs + failed:,} are in W&B; {first['run_id']}: {first['note']}."
    )
