import contextlib
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from tune_wandb_nb.tracking.results.payload import Media
from tune_wandb_nb.tracking.results.rows import Row

__all__ = ["StoredRow", "WaitingRows", "size_of"]

_BOUND = 64 * 2**20
_ROW, _VALUE = 400, 120
"""Bytes, about, of a row and of a number with its name."""


@dataclass(slots=True, eq=False)
class _RowFile:
    file: IO[bytes] = field(
        default_factory=lambda: tempfile.TemporaryFile(prefix="tune-wandb-rows-")  # noqa: SIM115
    )
    end: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class StoredRow:
    row: Row | None
    size: int
    file: _RowFile | None = None
    offset: int = 0


class WaitingRows:
    """Keeps rows for their runs, above ``bound`` bytes in files; used by one thread.

    Images that a trial reports while its run opens must not fill the memory. After ``bound`` bytes
    another file is begun, so that one whose rows were all taken can go.
    """

    def __init__(self, bound: int = _BOUND) -> None:
        self._bound = bound
        self._size = 0
        self._file: _RowFile | None = None

    def put(self, row: Row) -> StoredRow:
        """Keep a row; in memory too where no file can be written."""
        size = size_of(row.metrics) + size_of(row.config) + size_of(row.summary)
        if self._size + size > self._bound:
            # A value of the user's may raise anything when it is pickled.
            with contextlib.suppress(Exception):
                return self._write(pickle.dumps(row, pickle.HIGHEST_PROTOCOL))
        self._size += size
        return StoredRow(row, size)

    def take(self, stored: StoredRow) -> Row:
        if stored.row is not None:
            self._size -= stored.size
            return stored.row
        kept = stored.file
        assert kept is not None
        kept.file.seek(stored.offset)
        # This process wrote it.
        row: Row = pickle.loads(kept.file.read(stored.size))  # noqa: S301
        kept.waiting -= 1
        if not kept.waiting:
            kept.file.close()
            if kept is self._file:
                self._file = None
        return row

    def delete(self) -> None:
        if self._file is not None:
            self._file.file.close()
            self._file = None

    def _write(self, data: bytes) -> StoredRow:
        if self._file is None or self._file.end > self._bound:
            self._file = _RowFile()
        kept, offset = self._file, self._file.end
        kept.file.seek(offset)
        kept.file.write(data)
        kept.file.flush()
        kept.end += len(data)
        kept.waiting += 1
        return StoredRow(None, len(data), kept, offset)


def size_of(values: Mapping[str, Any]) -> int:
    """Estimate the bytes in memory."""
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
