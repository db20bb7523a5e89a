import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tune_wandb_nb.compat.wandb_folders import (
    is_offline,
    mark_synced,
    recorded_id,
    start_of,
    unmark,
)
from tune_wandb_nb.compat.wandb_log import BrokenLogError, UnfinishedLogError
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.run_origin import is_of_a_trial, read_origin
from tune_wandb_nb.tracking.history.server_run import OVER, KnownRun, ServerRun
from tune_wandb_nb.tracking.history.wandb_file import (
    OFFLINE_SUFFIX,
    RecordedRun,
    UnsyncedCopy,
    read_run,
)
from tune_wandb_nb.tracking.upload.destination import ROWS_MISSING, Destination
from tune_wandb_nb.tracking.upload.wandb_cli import upload_logs

__all__ = [
    "Outcome",
    "PendingUpload",
    "Report",
    "RunUpload",
    "already_uploaded",
    "failed_outcome",
    "is_abandoned",
]

_ABANDONED_AFTER = 600.0
"""Seconds without a write, after which the process of a run without an end counts as killed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    path: Path
    run_id: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""
    may_lack_rows: bool = False
    """Whether Tune may have more: the file is broken, or its process was killed."""

    def with_note(self, note: str) -> "Outcome":
        return replace(self, note=f"{self.note}; {note}" if self.note else note)


@dataclass(frozen=True, slots=True)
class PendingUpload:
    run: RecordedRun
    copy: UnsyncedCopy | None = None
    """What W&B does not have; None to upload the file itself."""
    is_continued: bool = False

    @property
    def file(self) -> Path:
        return self.copy.path if self.copy else self.run.path

    @property
    def rows(self) -> int:
        return self.copy.rows if self.copy else self.run.rows


Report: TypeAlias = Callable[[Outcome], None]


class RunUpload:
    def __init__(self, destination: Destination, scratch: Path, parallel: int) -> None:
        self._destination = destination
        self._scratch = scratch
        self._parallel = parallel

    def upload(
        self,
        files: Sequence[Path],
        report: Report,
        should_continue: Callable[[Sequence[Path]], bool] = lambda _: True,
    ) -> None:
        pending = {each.file: each for each in self.prepare(files, report)}
        if not pending:
            return
        left = upload_logs(
            list(pending),
            self._destination,
            parallel=self._parallel,
            on_synced=lambda file: report(self.finish(pending[file])),
            should_continue=should_continue,
        )
        for file in left if should_continue(list(left)) else ():
            if len(pending) == 1:
                report(failed_outcome(pending[file].run, left[file]))
            else:
                self._retry_alone(pending[file], report)

    def _retry_alone(self, first: PendingUpload, report: Report) -> None:
        # Another file may have made wandb-core give up, after some rows had arrived.
        for prepared in self.prepare([first.run.path], report):
            again = replace(prepared, is_continued=first.is_continued)
            errors = upload_logs([again.file], self._destination)
            report(failed_outcome(first.run, errors[again.file]) if errors else self.finish(again))

    def prepare(self, files: Sequence[Path], report: Report) -> list[PendingUpload]:
        """Return what W&B lacks; report the files that need or allow no upload."""
        runs: dict[tuple[str, str, str], list[RecordedRun]] = {}
        for run in map(_read, files):
            if isinstance(run, Outcome):
                report(run)
            else:
                runs.setdefault((run.entity, run.project, run.run_id), []).append(run)
        pending: list[PendingUpload] = []
        with ThreadPoolExecutor(self._parallel) as pool:
            for prepared in pool.map(self._prepare_run, runs.values()):
                for each in prepared:
                    if isinstance(each, PendingUpload):
                        pending.append(each)
                    else:
                        report(each)
        return pending

    def finish(self, uploaded: PendingUpload) -> Outcome:
        run = uploaded.run
        outcome = Outcome(run.path, run.run_id, "synced", run.rows, uploaded.rows)
        # wandb marks a file as uploaded even if the server has refused rows.
        if not self._on_server(run).has(run.last_step):
            unmark(run.path)
            return failed_outcome(run, ROWS_MISSING)
        if not (run.is_ended or uploaded.is_continued or is_abandoned(run.path)):
            return replace(outcome, state="synced so far", note="the run has no end yet")
        mark_synced(run.path)
        if run.is_ended:
            return outcome
        return replace(outcome, note="its process was killed", may_lack_rows=True)

    def _on_server(self, run: RecordedRun) -> ServerRun:
        return self._destination.run(run.run_id, entity=run.entity, project=run.project)

    def _prepare_run(self, files: Sequence[RecordedRun]) -> list[PendingUpload] | list[Outcome]:
        try:
            on_server = self._on_server(files[0]).look_up_settled()
        except AccountError as error:
            return [failed_outcome(run, str(error)) for run in files]
        if on_server.state in OVER and all(_is_complete(run, on_server) for run in files):
            # It was online: wandb marks only files that it syncs.
            return [self.finish(PendingUpload(run)) for run in files]
        uploaded_step = on_server.last_step
        newest = max(files, key=lambda run: start_of(run.path))
        pending = []
        for run in sorted(files, key=lambda run: -1 if run.first_step is None else run.first_step):
            copy = None
            if uploaded_step is not None or not run.is_ended or run.is_cut_off or run.is_renamed:
                folder = Path(tempfile.mkdtemp(dir=self._scratch))
                copy = UnsyncedCopy(run.path, folder, uploaded_step)
            pending.append(PendingUpload(run, copy, is_continued=run is not newest))
            steps = [step for step in (uploaded_step, run.last_step) if step is not None]
            uploaded_step = max(steps, default=None)
        return pending


def _is_complete(run: RecordedRun, on_server: KnownRun) -> bool:
    has_arrived = (on_server.last_step or -1) >= (run.last_step or -1)
    return run.is_ended and has_arrived and not is_offline(run.path)


def is_abandoned(file: Path) -> bool:
    origin = read_origin(file.parent)
    if origin is not None and origin.is_abandoned:
        return True
    return time.time() - file.stat().st_mtime > _ABANDONED_AFTER


def failed_outcome(run: RecordedRun, note: str) -> Outcome:
    return Outcome(run.path, run.run_id, "failed", run.rows, note=note)


def already_uploaded(file: Path) -> Outcome:
    run = _read(file)
    rows = 0 if isinstance(run, Outcome) else run.rows
    return Outcome(file, run.run_id, "already synced", rows)


def _read(file: Path) -> RecordedRun | Outcome:
    try:
        return read_run(file)
    except (BrokenLogError, OSError) as error:
        outcome = partial(Outcome, file, recorded_id(file).removesuffix(OFFLINE_SUFFIX))
        if isinstance(error, UnfinishedLogError):
            if not is_of_a_trial(file.parent):
                return outcome("empty", note="its process left before it had recorded anything")
            if not is_abandoned(file):
                return outcome("synced so far", note="nothing is on disk yet")
        return outcome("broken", note=str(error), may_lack_rows=True)
