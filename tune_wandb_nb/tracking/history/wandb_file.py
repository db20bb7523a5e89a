"""What a run has recorded on disk, and the part of it that W&B does not have yet."""

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
    "Rest",
    "ends_whole",
    "last_recorded",
    "read_run",
]

OFFLINE_SUFFIX = "-offline"
"""Ends the id of a run that could not be opened online and whose own id wandb-core still holds."""

_ITERATION = "training_iteration"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One file of a run. A run that was resumed has several."""

    path: Path
    run_id: str
    project: str
    entity: str
    """Empty where the run was to go to the default entity of its key."""
    rows: int
    first_step: int | None
    """W&B's own step (``_step``) of the first row; None without rows."""
    last_step: int | None
    last_iteration: int | None
    """Tune's ``training_iteration`` of the last row; None where it has none."""
    is_ended: bool
    """Whether the run's end is in it: else it still goes on, or its process was killed."""
    is_cut_off: bool
    """Whether the file ends inside an entry."""
    is_renamed: bool
    """Whether it was recorded under another id (`OFFLINE_SUFFIX`) than the one it should have."""


def read_run(path: Path) -> RecordedRun:
    """Read what a file says of its run.

    Raises:
        BrokenLogError: it does not name its run, or is damaged.
        OSError: it cannot be read.
    """
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


def last_recorded(folder: Path, run_id: str) -> tuple[int | None, int | None]:
    """Return the last iteration and the last step that a run's offline files hold; None without.

    Args:
        folder: The ``dir`` of the run.
        run_id: Its id.
    """
    found: tuple[int | None, int | None] = (None, None)
    for file in offline_logs(folder, run_id):
        with contextlib.suppress(BrokenLogError, OSError):
            run = read_run(file)
            if run.last_step is not None and (found[1] is None or run.last_step > found[1]):
                found = run.last_iteration, run.last_step
    return found


def ends_whole(file: Path, within: float = 10.0) -> bool:
    """Tell whether a run's end is in its file, or soon is: wandb-core writes it last.

    Args:
        file: The file.
        within: Seconds to wait for it.
    """

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
    found = row.metric(_ITERATION)
    try:
        return None if found is None else int(found)
    except (TypeError, ValueError):
        return None


class Rest:
    """A copy of a file that holds no row up to a step, no entry that is cut off, and the right id.

    wandb appends what it uploads to what W&B has: of a run that was uploaded in part, only the
    rest may be given to it.

    Args:
        path: The file.
        folder: Where the copy goes, in a folder of the same name as the file's own.
        after_step: W&B's own step of the last row to leave out; None for none.
    """

    def __init__(self, path: Path, folder: Path, after_step: int | None) -> None:
        self._log = TransactionLog(path)
        self._after_step = after_step
        self.rows = 0
        """How many rows are in the copy."""
        self.copy = copy_folder(path, folder)
        write_log(self.copy, ())
        self.catch_up()

    def catch_up(self) -> None:
        """Copy what was written since."""
        append_log(self.copy, self._new())

    def _new(self) -> Iterator[bytes]:
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
