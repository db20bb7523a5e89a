"""What a run has recorded on disk, and the part of it that W&B does not have yet."""

import contextlib
import glob
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.history.transaction_log import (
    BrokenLogError,
    TransactionLog,
    UnfinishedLogError,
    append_log,
    write_log,
)
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = [
    "OFFLINE_SUFFIX",
    "RecordedRun",
    "Rest",
    "ends_whole",
    "find_logs",
    "is_offline",
    "is_synced",
    "last_recorded",
    "mark_synced",
    "offline_logs",
    "read_run",
    "unmark",
]

OFFLINE_SUFFIX = "-offline"
"""Ends the id of a run that could not be opened online and whose own id wandb-core still holds."""

_ITERATION = "training_iteration"
_TIME = re.compile(r"\d{8}_\d{6}")
_SYNCED = ".wandb.synced"
"""With which wandb itself marks a file that it has uploaded."""


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


def find_logs(path: Path) -> list[Path]:
    """Return the files of all runs in a run's folder, in a folder of runs, or anywhere below.

    What is found twice through a link is returned once, sorted by the time in its folder's name.
    """
    if path.is_file():
        return [path.resolve()]
    found = {file.resolve() for file in path.rglob("run-*.wandb")}
    return sorted(found, key=lambda file: (_TIME.findall(file.parent.name), str(file)))


def is_offline(path: Path) -> bool:
    """Tell from its folder's name whether a file was recorded offline."""
    return path.parent.name.startswith("offline-")


def is_synced(path: Path) -> bool:
    """Tell whether wandb, or `mark_synced`, has marked a file as uploaded, all that is in it."""
    try:
        return path.with_suffix(_SYNCED).stat().st_mtime >= path.stat().st_mtime
    except FileNotFoundError:
        return False


def mark_synced(path: Path) -> None:
    """Mark a file as uploaded, for ``wandb sync`` too."""
    path.with_suffix(_SYNCED).touch()


def unmark(path: Path) -> None:
    """Take the mark of a file away: not all that is in it has been uploaded."""
    path.with_suffix(_SYNCED).unlink(missing_ok=True)


def read_run(path: Path) -> RecordedRun:
    """Read what a file says of its run.

    Raises:
        BrokenLogError: it does not name its run, or is damaged.
        OSError: it cannot be read.
    """
    header: Any = None
    last: Any = None
    rows, is_ended = 0, False
    first_step: int | None = None
    log = TransactionLog(path)
    for _, record in _records(log, log):
        kind = record.WhichOneof("record_type")
        if kind == "run" and header is None:
            header = record.run
        elif kind == "history":
            rows += 1
            last = record.history
            first_step = last.step.num if first_step is None else first_step
        is_ended = is_ended or kind == "exit"
    if header is None:
        raise UnfinishedLogError(f"{path.name} ends before it names its run")
    return RecordedRun(
        path,
        header.run_id.removesuffix(OFFLINE_SUFFIX),
        header.project,
        header.entity,
        rows,
        first_step,
        None if last is None else last.step.num,
        None if last is None else _iteration_of(last),
        is_ended,
        log.cut_off,
        header.run_id.endswith(OFFLINE_SUFFIX),
    )


def offline_logs(folder: Path, run_id: str) -> list[Path]:
    """Return the files of one run that was recorded offline, in the order of their start.

    Args:
        folder: The ``dir`` of the run.
        run_id: Its id.
    """
    name = glob.escape(run_id)
    found = folder.glob(f"wandb/offline-run-*-{name}/run-{name}.wandb")
    return sorted(file.resolve() for file in found)


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
        kinds = [record.WhichOneof("record_type") for _, record in _records(log, log.tail())]
    except (BrokenLogError, OSError):
        return False
    return "exit" in kinds


def _iteration_of(history: Any) -> int | None:
    for item in history.item:
        if item.key == _ITERATION or list(item.nested_key) == [_ITERATION]:
            with contextlib.suppress(ValueError):
                return int(json.loads(item.value_json))
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
        home = folder / path.parent.name
        self.copy = home / path.name
        home.mkdir()
        files = path.parent / "files"
        if files.is_dir():
            (home / "files").symlink_to(files.resolve(), target_is_directory=True)
        write_log(self.copy, ())
        self.catch_up()

    def catch_up(self) -> None:
        """Copy what was written since."""
        append_log(self.copy, self._new())

    def _new(self) -> Iterator[bytes]:
        last = self._after_step
        for entry, record in _records(self._log, self._log.more()):
            kind = record.WhichOneof("record_type")
            if kind == "history":
                if last is not None and record.history.step.num <= last:
                    continue
                self.rows += 1
            if kind == "run" and record.run.run_id.endswith(OFFLINE_SUFFIX):
                record.run.run_id = record.run.run_id.removesuffix(OFFLINE_SUFFIX)
                yield record.SerializeToString()
            else:
                yield entry


def _records(log: TransactionLog, entries: Iterable[bytes]) -> Iterator[tuple[bytes, Any]]:
    from google.protobuf.message import DecodeError
    from wandb.proto import wandb_internal_pb2

    record_of: Any = vars(wandb_internal_pb2)["Record"].FromString
    try:
        for entry in entries:
            yield entry, record_of(entry)
    except DecodeError:
        raise BrokenLogError(f"{log.path.name} holds a record that cannot be read") from None
