"""``run-<id>.wandb``, in which wandb-core records a run.

It is LevelDB's log format behind a header of W&B's own, with plain CRC-32 checksums; an entry is a
serialized ``wandb_internal.Record``.
"""

import contextlib
import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

__all__ = [
    "EXIT",
    "HISTORY",
    "RUN",
    "BrokenLogError",
    "LogRecord",
    "TransactionLog",
    "UnfinishedLogError",
    "append_log",
    "read_records",
    "write_log",
]

RUN, HISTORY, EXIT = "run", "history", "exit"
"""Records with a run's names, a row, and a run's end."""

_FILE_HEADER = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
_ENTRY_HEADER = struct.Struct("<IHB")
_BLOCK = 32768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CRC_OF_KIND = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}


class BrokenLogError(ValueError):
    """The file is no transaction log, or is damaged."""


class UnfinishedLogError(BrokenLogError):
    """It does not name its run yet: wandb-core writes in blocks of 32 KiB."""


class TransactionLog:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_off = False
        """Whether the file ended inside an entry, as a killed process leaves it."""
        self._end = 0

    def __iter__(self) -> Iterator[bytes]:
        self._end = 0
        return self.more()

    def more(self) -> Iterator[bytes]:
        self.cut_off = False
        parts: list[bytes] = []
        with self.path.open("rb") as file:
            for kind, part, end in self._parts(file):
                if (kind in (_FULL, _FIRST)) == bool(parts):
                    raise BrokenLogError(f"{self.path.name} has entries whose parts do not fit")
                parts.append(part)
                if kind in (_FULL, _LAST):
                    self._end = end
                    yield b"".join(parts)
                    parts = []
        self.cut_off = self.cut_off or bool(parts)

    def tail(self) -> Iterator[bytes]:
        """Only entries within a block, from the last two blocks."""
        self._end = max(0, (self.path.stat().st_size - 1) // _BLOCK - 1) * _BLOCK
        with self.path.open("rb") as file:
            for kind, part, _ in self._parts(file):
                if kind == _FULL:
                    yield part

    def _parts(self, file: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
        if file.read(len(_FILE_HEADER)) != _FILE_HEADER:
            raise BrokenLogError(f"{self.path.name} does not start as a .wandb file does")
        position = file.seek(max(self._end, len(_FILE_HEADER)))
        while block := file.read(_BLOCK - position % _BLOCK):
            at, end = 0, len(block)
            while end - at >= _ENTRY_HEADER.size:
                checksum, length, kind = _ENTRY_HEADER.unpack_from(block, at)
                part = block[at + _ENTRY_HEADER.size : at + _ENTRY_HEADER.size + length]
                if len(part) < length:
                    self.cut_off = True
                    return
                if kind not in _CRC_OF_KIND or zlib.crc32(part, _CRC_OF_KIND[kind]) != checksum:
                    raise BrokenLogError(f"{self.path.name} is damaged at byte {position + at}")
                at += _ENTRY_HEADER.size + length
                yield kind, part, position + at
            position += end
            # Less than a header is padding at the end of a block, anywhere else a cut.
            self.cut_off = at < end and position % _BLOCK != 0


def write_log(path: Path, entries: Iterable[bytes]) -> None:
    path.write_bytes(_FILE_HEADER)
    append_log(path, entries)


def append_log(path: Path, entries: Iterable[bytes]) -> None:
    """The file must end in a whole entry."""
    with path.open("ab") as file:
        position = file.tell()
        for entry in entries:
            for written in _framed(entry, position):
                file.write(written)
                position += len(written)


def _framed(entry: bytes, position: int) -> Iterator[bytes]:
    done, is_first = 0, True
    while is_first or done < len(entry):
        room = _BLOCK - position % _BLOCK
        if room < _ENTRY_HEADER.size:
            yield bytes(room)
            position, room = position + room, _BLOCK
        part = entry[done : done + room - _ENTRY_HEADER.size]
        done += len(part)
        is_last = done == len(entry)
        kind = {(True, True): _FULL, (True, False): _FIRST, (False, False): _MIDDLE}.get(
            (is_first, is_last), _LAST
        )
        yield _ENTRY_HEADER.pack(zlib.crc32(part, _CRC_OF_KIND[kind]), len(part), kind) + part
        position += _ENTRY_HEADER.size + len(part)
        is_first = False


class LogRecord:
    __slots__ = ("_record", "kind")

    def __init__(self, record: Any) -> None:
        self._record = record
        self.kind: str | None = record.WhichOneof("record_type")

    @property
    def run_id(self) -> str:
        return str(self._record.run.run_id)

    @property
    def project(self) -> str:
        return str(self._record.run.project)

    @property
    def entity(self) -> str:
        """Empty for the key's default entity."""
        return str(self._record.run.entity)

    @property
    def group(self) -> str:
        return str(self._record.run.run_group)

    @property
    def step(self) -> int:
        return int(self._record.history.step.num)

    def metric(self, name: str) -> Any:
        for item in self._record.history.item:
            if item.key == name or list(item.nested_key) == [name]:
                with contextlib.suppress(ValueError):
                    return json.loads(item.value_json)
        return None

    def renamed(self, run_id: str) -> bytes:
        self._record.run.run_id = run_id
        return bytes(self._record.SerializeToString())


def read_records(
    log: TransactionLog, entries: Iterable[bytes]
) -> Iterator[tuple[bytes, LogRecord]]:
    from google.protobuf.message import DecodeError
    from wandb.proto import wandb_internal_pb2

    record_of: Any = vars(wandb_internal_pb2)["Record"].FromString
    try:
        for entry in entries:
            yield entry, LogRecord(record_of(entry))
    except DecodeError:
        raise BrokenLogError(f"{log.path.name} holds a record that cannot be read") from None
