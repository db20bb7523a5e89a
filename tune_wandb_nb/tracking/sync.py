"""`sync_runs`: uploads what was recorded offline, each row once, however often it is called."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tune_wandb_nb.tracking.account import AccountError
from tune_wandb_nb.tracking.audit import count
from tune_wandb_nb.tracking.destination import Destination, find_destination
from tune_wandb_nb.tracking.recorded_logs import logs_of
from tune_wandb_nb.tracking.recorded_run import (
    RecordedRun,
    is_synced,
    mark_synced,
    read_run,
    unmark,
    write_rest,
)
from tune_wandb_nb.tracking.transaction_log import BrokenLogError
from tune_wandb_nb.tracking.wandb_sync import upload_logs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SYNC_COLUMNS", "summary", "sync_runs"]

SYNC_COLUMNS = ("run_id", "state", "rows", "uploaded", "note", "path")
_REFUSED = "W&B has not taken all of its rows"
_IDLE = 600.0
"""Seconds after which a run without an end is taken for one whose process was killed."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A line of the table."""

    path: Path
    run_id: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""


def sync_runs(
    paths: Any = None,
    *,
    progress: bool = True,
    parallel: int = 8,
    entity: str | None = None,
    project: str | None = None,
    host: str | None = None,
    api_key: str | None = None,
    api_key_file: str | None = None,
) -> "pd.DataFrame":
    """Upload runs that were recorded offline; W&B then holds each of their rows exactly once.

    It can be interrupted and called again, and is for runs that still go on too: only what W&B
    does not have yet is uploaded. A file that cannot be read is named and stops no other. The
    upload itself is wandb's own (``wandb beta sync``).

    Args:
        paths: What to upload: a `WandbLogger` or an `Experiment`; a folder of an offline run, or
            one that has such folders anywhere below; a ``.wandb`` file; or a list of these. By
            default ``WANDB_DIR/wandb``, else ``./wandb``.
        progress: Show a bar.
        parallel: How many runs are uploaded at once.
        entity: The team or user to upload to, by default what was given for the run.
        project: The project to upload to, by default the run's.
        host: The W&B server, by default the logger's, ``WANDB_BASE_URL`` or W&B's cloud.
        api_key: The API key; by default it is found where `WandbLogger` finds it.
        api_key_file: A file whose first line is the key.

    Returns:
        One row a file: run_id; state ("synced", "synced so far" of a run without an end, "already
        synced", "broken", "failed"); rows that it holds; rows that were uploaded now; note; path.

    Raises:
        SettingsError: there is no key, or something that was given cannot be used.
        AccountError: the server refuses the key or cannot be reached. Nothing is lost.
        FileNotFoundError: a path that was given does not exist.

    Example:
        >>> import tempfile
        >>> len(sync_runs(tempfile.mkdtemp()))
        0
    """
    import pandas as pd
    from tqdm.auto import tqdm

    files = logs_of(paths)
    host = host or getattr(getattr(paths, "logger", paths), "host", None)
    todo = [file for file in files if not is_synced(file)]
    outcomes = {file: _already(file) for file in files if file not in todo}
    if todo:
        given = {"host": host, "api_key": api_key, "api_key_file": api_key_file}
        destination, _ = find_destination({**given, "project": project}, entity)
        upload = _Upload(destination, parallel)
        with tqdm(todo, "Uploading to W&B", unit="run", disable=not progress) as bar:

            def tell(outcome: _Outcome) -> None:
                outcomes[outcome.path] = outcome
                bar.update()

            upload.run(todo, tell)
    rows = [[getattr(outcomes[file], name) for name in SYNC_COLUMNS] for file in files]
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(SYNC_COLUMNS)).astype({"path": str})
    return table


@dataclass(frozen=True, slots=True)
class _Part:
    """What of a run is to be uploaded."""

    run: RecordedRun
    file: Path
    """The run's own file, or a copy of what W&B does not have."""
    uploads: int
    """Rows in it."""


def summary(table: "pd.DataFrame") -> str:
    """Say in a sentence or two what `sync_runs` has done.

    Example:
        >>> import pandas as pd
        >>> row = {"state": "synced", "run_id": "1", "rows": 20, "uploaded": 20, "note": ""}
        >>> summary(pd.DataFrame([row]))
        '20 rows of 1 run are in W&B.'
    """
    is_there = table["state"].isin(["synced", "synced so far", "already synced"])
    there, missing = table[is_there], table[~is_there]
    runs, failed = there["run_id"].nunique(), missing["run_id"].nunique()
    if not failed:
        rows = int(there["rows"].sum())
        verb = "is" if rows == 1 else "are"
        return f"{count(rows, 'row')} of {count(runs, 'run')} {verb} in W&B."
    first = missing.iloc[0]
    return (
        f"{count(runs, 'run')} of {runs + failed:,} are in W&B; {first['run_id']}: {first['note']}."
    )


_Tell: TypeAlias = Callable[[_Outcome], None]


class _Upload:
    def __init__(self, destination: Destination, parallel: int) -> None:
        self._to = destination
        self._parallel = parallel

    def run(self, files: Sequence[Path], tell: _Tell) -> None:
        """Upload files, and tell what became of each as soon as it is known."""
        runs: dict[tuple[str, str, str], list[RecordedRun]] = {}
        for run in map(_read, files):
            if isinstance(run, _Outcome):
                tell(run)
            else:
                runs.setdefault((run.entity, run.project, run.run_id), []).append(run)
        parts: dict[Path, _Part] = {}
        with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as scratch:
            with ThreadPoolExecutor(self._parallel) as pool:
                for prepared in pool.map(partial(self._prepare, scratch), runs.values()):
                    parts |= {one.file: one for one in prepared if isinstance(one, _Part)}
                    for one in prepared:
                        if isinstance(one, _Outcome):
                            tell(one)
            if parts:
                self._upload(parts, tell)

    def _prepare(self, scratch: str, files: Sequence[RecordedRun]) -> list[_Part] | list[_Outcome]:
        """Find out what W&B does not have of the files of one run."""
        try:
            first = files[0]
            there = {"entity": first.entity, "project": first.project}
            known = self._to.look_up(first.run_id, **there).last_step
        except AccountError as error:
            note = str(error)
            return [_Outcome(f.path, f.run_id, "failed", f.rows, note=note) for f in files]
        parts = []
        for run in sorted(files, key=lambda run: -1 if run.first_step is None else run.first_step):
            if known is None and run.is_ended and not run.is_cut_off:
                parts.append(_Part(run, run.path, run.rows))
            else:
                copy = write_rest(run, Path(tempfile.mkdtemp(dir=scratch)), known)
                parts.append(_Part(run, copy, read_run(copy).rows))
            known = max((step for step in (known, run.last_step) if step is not None), default=None)
        return parts

    def _upload(self, parts: Mapping[Path, _Part], tell: _Tell) -> None:
        left = upload_logs(
            list(parts),
            self._to,
            parallel=self._parallel,
            on_synced=lambda file: tell(self._close(parts[file])),
        )
        for file in left:
            # One that makes wandb-core give up takes the others of its process with it.
            why = upload_logs([file], self._to) if len(parts) > 1 else left
            run = parts[file].run
            if file in why:
                tell(_Outcome(run.path, run.run_id, "failed", run.rows, note=why[file]))
            else:
                tell(self._close(parts[file]))

    def _close(self, part: _Part) -> _Outcome:
        """Mark a file as uploaded once W&B has its last row."""
        run = part.run
        outcome = _Outcome(run.path, run.run_id, "synced", run.rows, part.uploads)
        # wandb's own mark says nothing of rows that the server has refused.
        there = {"entity": run.entity, "project": run.project}
        if not self._to.has(run.last_step, run.run_id, **there):
            unmark(run.path)
            return replace(outcome, state="failed", uploaded=0, note=_REFUSED)
        if not run.is_ended and time.time() - run.path.stat().st_mtime < _IDLE:
            return replace(outcome, state="synced so far", note="the run has no end yet")
        mark_synced(run.path)
        return outcome if run.is_ended else replace(outcome, note="its process was killed")


def _already(file: Path) -> _Outcome:
    run = _read(file)
    return (
        run if isinstance(run, _Outcome) else _Outcome(file, run.run_id, "already synced", run.rows)
    )


def _read(file: Path) -> RecordedRun | _Outcome:
    try:
        return read_run(file)
    except (BrokenLogError, OSError) as error:
        return _Outcome(file, _id_of(file), "broken", note=str(error))


def _id_of(file: Path) -> str:
    return file.stem.removeprefix("run-")
