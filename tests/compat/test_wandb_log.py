"""The file in which a run is recorded: read and written as wandb-core does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_log import BrokenLogError, TransactionLog, write_log

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
