import contextlib
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.results.payload import Media
from tune_wandb_nb.tracking.results.rows import Row

__all__ = ["StoredRow", "WaitingRows", "size_of"]

_BOUND = 64 * 2**20
_ROW, _VALUE = 400, 120
"""Bytes of a row, and of a number with its name, about."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    row: Row | None
    file: Path | None
    size: int
    """The bytes that it takes in memory; 0 for a row in a file."""


class WaitingRows:
    """Keeps rows for their runs, above ``bound`` bytes in files; used by one thread.

    A run opens for up to 20 seconds online, and longer where W&B hangs. What its trial reports
    meanwhile, images among it, must not fill the driver's memory.
    """

    def __init__(self, bound: int = _BOUND) -> None:
        self._bound = bound
        self._size = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._stored = 0

    def put(self, row: Row) -> StoredRow:
        """Keep a row; where no file can be written, in memory all the same."""
        size = size_of(row.metrics) + size_of(row.config) + size_of(row.summary)
        if self._size + size > self._bound:
            # A value of the user's own class may raise anything when it is pickled.
            with contextlib.suppress(Exception):
                return StoredRow(None, self._write(row), 0)
        self._size += size
        return StoredRow(row, None, size)

    def take(self, stored: StoredRow) -> Row:
        if stored.row is not None:
            self._size -= stored.size
            return stored.row
        assert stored.file is not None
        # Written by this process, in a folder that only this user can read.
        row: Row = pickle.loads(stored.file.read_bytes())  # noqa: S301
        stored.file.unlink(missing_ok=True)
        return row

    def delete(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _write(self, row: Row) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tune-wandb-rows-")
        self._stored += 1
        file = Path(self._folder.name, str(self._stored))
        file.write_bytes(pickle.dumps(row, pickle.HIGHEST_PROTOCOL))
        return file


def size_of(values: Mapping[str, Any]) -> int:
    """Estimate the bytes that some values take in memory; exact for arrays and texts only."""
    return _ROW + sum(_VALUE + _size(value) for value in values.values())


def _size(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Media):
        return _size(value.array)
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    nbytes = getattr(value, "nbytes", 0)
    return nbytes if isinstance(nbytes, int) else 0
