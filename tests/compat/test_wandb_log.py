"""The file in which a run is recorded: read and written as wandb-core does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_log import (
    EXIT,
    HISTORY,
    RUN,
    BrokenLogError,
    TransactionLog,
    read_records,
    write_log,
)

BLOCK = 32768
SIZES = st.one_of(
    st.integers(0, 40),
    # Around the end of a block, where an entry is split or the block padded.
    st.integers(BLOCK - 30, BLOCK + 10),
    st.just(3 * BLOCK),
)
ENTRIES = st.lists(st.builds(lambda size, byte: bytes([byte]) * size, SIZES, st.integers(0, 255)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@given(ENTRIES)
def test_what_is_written_is_read(folder: Path, entries: list[bytes]) -> None:
    write_log(folder / "log", entries)
    log = TransactionLog(folder / "log")
    assert list(log) == entries
    assert not log.cut_off


@given(ENTRIES.filter(bool), st.data())
def test_of_a_file_that_was_cut_the_whole_entries_are_read(
    folder: Path, entries: list[bytes], data: st.DataObject
) -> None:
    write_log(folder / "whole", entries)
    whole = (folder / "whole").read_bytes()
    length = data.draw(st.integers(7, len(whole)))
    (folder / "cut").write_bytes(whole[:length])
    log = TransactionLog(folder / "cut")
    read = list(log)
    assert read == entries[: len(read)]
    if len(read) == len(entries):
        assert length == len(whole)
    write_log(folder / "again", read)
    # What remains is as if no more had been written: padding apart, the same bytes.
    assert whole.startswith((folder / "again").read_bytes())


@given(ENTRIES.filter(bool), st.data())
def test_a_byte_that_is_not_as_it_was_is_found(
    folder: Path, entries: list[bytes], data: st.DataObject
) -> None:
    write_log(folder / "log", entries)
    content = bytearray((folder / "log").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (folder / "log").write_bytes(content)
    log = TransactionLog(folder / "log")
    try:
        read = list(log)
    except BrokenLogError:
        return
    # A length that is too long reads as a cut; a changed byte of padding does no harm.
    assert log.cut_off or read == entries


def test_wandbs_own_file_is_read_and_written_byte_by_byte(
    start_run: StartRun, tmp_path: Path
) -> None:
    run = start_run("one", mode="offline", config={"long": "x" * 100_000})
    for i in range(1000):
        run.log({"value": i})
    run.finish()
    (file,) = find_wandb_files(tmp_path)
    read_ended_wandb_file(file)
    entries = list(TransactionLog(file))
    assert len(entries) > 1000
    write_log(tmp_path / "copy", entries)
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("content", [b"", b":W", b"PK\3\4 an archive", b":W&B\xe1\xbe\1"])
def test_another_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run-1.wandb").write_bytes(content)
    with pytest.raises(BrokenLogError, match=r"run-1\.wandb does not start as"):
        list(TransactionLog(tmp_path / "run-1.wandb"))


@pytest.fixture
def wandbs_log(start_run: StartRun, tmp_path: Path) -> TransactionLog:
    """The file of an offline run with three rows, of which the last has no value."""
    run = start_run("one", mode="offline", entity="me", project="digits", group="g")
    run.log({"value": 0.5, "nested": {"value": 2}})
    run.log({"value": 1.5}, step=7, commit=True)
    run.log({"other": "text"})
    run.finish()
    (file,) = find_wandb_files(tmp_path)
    read_ended_wandb_file(file)
    return TransactionLog(file)


def test_the_records_of_wandbs_own_file(wandbs_log: TransactionLog) -> None:
    records = [record for _, record in read_records(wandbs_log, wandbs_log)]
    kinds = [record.kind for record in records]
    assert (kinds.count(RUN), kinds.count(HISTORY), kinds.count(EXIT)) == (1, 3, 1)
    header = next(record for record in records if record.kind == RUN)
    assert (header.run_id, header.entity, header.project) == ("one", "me", "digits")
    assert header.group == "g"
    rows = [record for record in records if record.kind == HISTORY]
    assert [row.step for row in rows] == [0, 7, 8]
    assert [row.metric("value") for row in rows] == [0.5, 1.5, None]


def test_the_end_of_a_run_is_among_the_last_records(wandbs_log: TransactionLog) -> None:
    last = [record.kind for _, record in read_records(wandbs_log, wandbs_log.tail())]
    assert EXIT in last


def test_a_renamed_run_keeps_all_but_its_id(wandbs_log: TransactionLog) -> None:
    header = next(r for _, r in read_records(wandbs_log, wandbs_log) if r.kind == RUN)
    ((entry, renamed),) = read_records(wandbs_log, [header.renamed("two")])
    assert (renamed.kind, renamed.run_id, renamed.project) == (RUN, "two", "digits")
    assert b"digits" in entry


def test_an_entry_that_is_no_record_is_named(tmp_path: Path) -> None:
    write_log(tmp_path / "run-1.wandb", [b"\xff\xff"])
    log = TransactionLog(tmp_path / "run-1.wandb")
    with pytest.raises(BrokenLogError, match=r"run-1\.wandb holds a record that cannot be read"):
        list(read_records(log, log))
