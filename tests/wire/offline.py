"""Reads a `.wandb` file, the transaction log that an offline run leaves, without any sync.

wandb 0.31 has no Python reader of it left, so this one reads the format itself: LevelDB's log
with W&B's header, plain CRC-32 checksums and a `wandb_internal.Record` in each entry.
"""

from __future__ import annotations

import json
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

from tests.wire.decode import merge, remove

_FILE_HEADER = struct.Struct("<4sHB")
_ENTRY_HEADER = struct.Struct("<IHB")
_BLOCK = 32768
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CRC_OF_KIND = {kind: zlib.crc32(bytes([kind])) for kind in (_FULL, _FIRST, _MIDDLE, _LAST)}


class BrokenFileError(ValueError):
    """The file is no transaction log, or a checksum in it does not hold."""


@dataclass(slots=True)
class OfflineRun:
    """What an offline run has recorded, as W&B would show it after a sync."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    name: str = ""
    group: str = ""
    job_type: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, str | None] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)
    """Names of the artifacts it logged."""
    exit_code: int | None = None
    """None if the run was never finished: its process was killed."""
    truncated: bool = False
    """Whether the file ends inside an entry, as a killed process leaves it."""


def find_wandb_files(folder: Path) -> list[Path]:
    """All transaction logs below a folder, sorted by path."""
    return sorted(folder.rglob("run-*.wandb"))


def read_wandb_file(path: Path) -> OfflineRun:
    """Read one transaction log; of a file that was cut off, what is there."""
    run = OfflineRun()
    for entry in _entries(path.read_bytes(), run):
        record = Record.FromString(entry)
        kind = record.WhichOneof("record_type")
        if kind == "history":
            run.rows.append(_row(record.history))
        elif kind in _READERS:
            _READERS[kind](run, getattr(record, kind))
    run.config.pop("_wandb", None)
    return run


def read_ended_wandb_file(path: Path, timeout: float = 30.0) -> OfflineRun:
    """Read one once its run's end is in it, which wandb-core writes after ``finish`` returned."""
    end = time.monotonic() + timeout
    while (run := read_wandb_file(path)).exit_code is None:
        if time.monotonic() > end:
            raise TimeoutError(f"no end of the run within {timeout} s in {path}")
        time.sleep(0.01)  # another process writes the file: there is no event to wait for
    return run


def _entries(data: bytes, run: OfflineRun) -> Iterator[bytes]:
    magic = data[: _FILE_HEADER.size]
    if magic != _FILE_HEADER.pack(b":W&B", 0xBEE1, 0):
        raise BrokenFileError(f"a .wandb file starts with ':W&B', but this one with {magic!r}")
    position, parts = _FILE_HEADER.size, []
    while position < len(data):
        room = _BLOCK - position % _BLOCK
        if room < _ENTRY_HEADER.size:  # the padding at the end of a block
            position += room
            continue
        start = position + _ENTRY_HEADER.size
        if start > len(data):
            break
        checksum, length, kind = _ENTRY_HEADER.unpack_from(data, position)
        part = data[start : start + length]
        if len(part) < length:
            break
        if kind not in _CRC_OF_KIND or zlib.crc32(part, _CRC_OF_KIND[kind]) != checksum:
            raise BrokenFileError(f"the entry at byte {position} has a wrong checksum")
        position = start + length
        parts.append(part)
        if kind in (_FULL, _LAST):
            yield b"".join(parts)
            parts = []
    run.truncated = position < len(data) or bool(parts)


def _row(history: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for item in history.item:
        value = json.loads(item.value_json)
        nested = item.nested_key
        if len(nested) > 1:
            merge(row, list(nested), value)
        else:
            row[nested[0] if nested else item.key] = value
    return row


def _path(item: Any) -> list[str]:
    return list(item.nested_key) or [item.key]


def _read_items(target: dict[str, Any], record: Any) -> None:
    for item in record.update:
        merge(target, _path(item), json.loads(item.value_json))
    for item in record.remove:
        remove(target, _path(item))


def _read_run(run: OfflineRun, record: Any) -> None:
    run.run_id, run.entity, run.project = record.run_id, record.entity, record.project
    run.name, run.group, run.job_type = record.display_name, record.run_group, record.job_type
    run.notes, run.tags = record.notes, tuple(record.tags)
    _read_items(run.config, record.config)
    _read_items(run.summary, record.summary)


def _read_metric(run: OfflineRun, record: Any) -> None:
    if not record.expanded_from_glob:
        run.metrics[record.name or record.glob_name] = record.step_metric or None


def _read_files(run: OfflineRun, record: Any) -> None:
    run.files.extend(item.path for item in record.files)


def _read_exit(run: OfflineRun, record: Any) -> None:
    run.exit_code = record.exit_code


_READERS: dict[str, Any] = {
    "run": _read_run,
    "config": lambda run, record: _read_items(run.config, record),
    "summary": lambda run, record: _read_items(run.summary, record),
    "metric": _read_metric,
    "files": _read_files,
    "artifact": lambda run, record: run.artifacts.append(record.name),
    "exit": _read_exit,
}
