import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tune_wandb_nb.compat.wandb_folders import copy_folder, offline_logs
from tune_wandb_nb.compat.wandb_log import (
    EXIT,
    HISTORY,
    RUN,
    BrokenLogError,
    LogRecord,
    TransactionLog,
    UnfinishedLogError,
    append_log,
    read_records,
    write_log,
)
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = [
    "OFFLINE_SUFFIX",
    "RecordedRun",
    "UnsyncedCopy",
    "group_of",
    "last_recorded",
    "read_run",
    "wait_for_end",
]

OFFLINE_SUFFIX = "-offline"
"""In the id of a run that is opened offline while wandb-core holds the id of a failed try."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One .wandb file; a run that was resumed has several."""

    path: Path
    run_id: str
    project: str
    entity: str
    """Empty for the default entity of its key."""
    rows: int
    first_step: int | None
    """W&B's own (``_step``)."""
    last_step: int | None
    last_iteration: int | None
    is_ended: bool
    is_cut_off: bool
    is_renamed: bool


def read_run(path: Path) -> RecordedRun:
    header: LogRecord | None = None
    last: LogRecord | None = None
    rows, is_ended = 0, False
    first_step: int | None = None
    log = TransactionLog(path)
    for _, record in read_records(log, log):
        if record.kind == RUN and header is None:
            header = record
        elif record.kind == HISTORY:
            rows += 1
            last = record
            first_step = record.step if first_step is None else first_step
        is_ended = is_ended or record.kind == EXIT
    if header is None:
        raise UnfinishedLogError(f"{path.name} ends before it names its run")
    return RecordedRun(
        path,
        header.run_id.removesuffix(OFFLINE_SUFFIX),
        header.project,
        header.entity,
        rows,
        first_step,
        None if last is None else last.step,
        None if last is None else _iteration_of(last),
        is_ended,
        log.cut_off,
        header.run_id.endswith(OFFLINE_SUFFIX),
    )


def group_of(path: Path) -> str | None:
    log = TransactionLog(path)
    with contextlib.suppress(BrokenLogError, OSError):
        return next((each.group for _, each in read_records(log, log) if each.kind == RUN), None)
    return None


def last_recorded(folder: Path, run_id: str) -> tuple[int | None, int | None]:
    last: tuple[int | None, int | None] = (None, None)
    for file in offline_logs(folder, run_id):
        with contextlib.suppress(BrokenLogError, OSError):
            run = read_run(file)
            if run.last_step is not None and (last[1] is None or run.last_step > last[1]):
                last = run.last_iteration, run.last_step
    return last


def wait_for_end(file: Path, within: float = 10.0) -> bool:
    """Wait for a run's end in its file, which wandb-core writes last."""

    def ends_or_is_deleted() -> bool:
        return _has_end(file) or not file.parent.is_dir()

    wait_until(ends_or_is_deleted, within, every=0.01, at_most_every=0.5)
    return _has_end(file)


def _has_end(file: Path) -> bool:
    log = TransactionLog(file)
    try:
        return EXIT in [record.kind for _, record in read_records(log, log.tail())]
    except (BrokenLogError, OSError):
        return False


def _iteration_of(row: LogRecord) -> int | None:
    try:
        return int(row.metric("training_iteration"))
    except (TypeError, ValueError):
        return None


class UnsyncedCopy:
    """A copy with the run's real id and only the rows after W&B's own ``after_step``."""

    def __init__(self, path: Path, folder: Path, after_step: int | None) -> None:
        self._log = TransactionLog(path)
        self._after_step = after_step
        self.rows = 0
        self.path = copy_folder(path, folder)
        write_log(self.path, ())
        self.catch_up()

    def catch_up(self) -> None:
        append_log(self.path, self._unsynced_entries())

    def _unsynced_entries(self) -> Iterator[bytes]:
        last = self._after_step
        for entry, record in read_records(self._log, self._log.more()):
            if record.kind == HISTORY:
                if last is not None and record.step <= last:
                    continue
                self.rows += 1
            if record.kind == RUN and record.run_id.endswith(OFFLINE_SUFFIX):
                yield record.renamed(record.run_id.removesuffix(OFFLINE_SUFFIX))
            else:
                yield entry
