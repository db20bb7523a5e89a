"""The files that `sync_runs` is asked for: a folder, a file, a logger, or nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.tracking.upload.tables import Sync, states
from tune_wandb_nb.tracking.history.run_origin import Origin, write_origin
from tune_wandb_nb.tracking.upload.select_files import files_to_upload


def test_what_is_uploaded_is_chosen(
    sync: Sync, record: Callable[..., Path], wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = record("one"), record("two")
    # The folder of a run that is online, which W&B has.
    online = two.parent.parent / two.parent.name.removeprefix("offline-")
    two.parent.rename(online)
    assert states(sync([one, str(one.parent)])) == {"one": "synced"}
    assert states(sync(wandb_home)) == {"one": "already synced"}
    assert states(sync(online)) == {"two": "synced"}, "asked for by its name"
    monkeypatch.setenv("WANDB_DIR", str(wandb_home))
    assert states(sync(None)) == {"one": "already synced"}
    monkeypatch.setenv("WANDB_DIR", str(wandb_home / "nothing here"))
    assert len(sync(None)) == 0


def folder_of(name: str, run_id: str) -> Path:
    """Return the file of a run as wandb names it, without contents."""
    file = Path("wandb", name, f"run-{run_id}.wandb").absolute()
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_an_online_run_is_chosen_once_its_process_no_longer_exists() -> None:
    killed, alive, foreign = (
        folder_of(f"run-20260101_12000{number}-{name}", name)
        for number, name in enumerate(["killed", "alive", "foreign"])
    )
    offline = folder_of("offline-run-20260101_130000-off", "off")
    with subprocess.Popen(["true"]) as gone:
        pass
    write_origin(killed.parent, Origin("killed", "t", "p", "g", pid=str(gone.pid)))
    write_origin(alive.parent, Origin("alive", "t", "p", "g"))
    assert files_to_upload("wandb") == [killed, offline]
    assert files_to_upload(foreign.parent) == [foreign], "its folder was named"


def test_a_list_names_each_file_once() -> None:
    one = folder_of("offline-run-20260101_120000-one", "one")
    two = folder_of("offline-run-20260101_130000-two", "two")
    assert files_to_upload([two, Path("wandb"), str(one.parent)]) == [two, one]


class Logger:
    """As much of a `WandbLogger` as is asked."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.audit = lambda: table


@pytest.mark.parametrize("wrapped", [False, True], ids=["logger", "experiment"])
def test_of_a_logger_the_runs_are_chosen_that_w_and_b_may_lack(wrapped: bool) -> None:
    names = ("offline", "running", "waiting", "online")
    files = {name: folder_of(f"offline-run-20260101_120000-{name}", name) for name in names}
    rows = [
        ("finished", "offline", str(files["offline"].parent)),
        ("running", "online", str(files["running"].parent)),
        ("waiting", "online", str(files["waiting"].parent)),
        ("waiting", "online", None),
        ("finished", "online", str(files["online"].parent)),
    ]
    logger = Logger(pd.DataFrame(rows, columns=["state", "mode", "path"]))
    chosen = files_to_upload(SimpleNamespace(logger=logger) if wrapped else logger)
    assert chosen == [files["offline"], files["running"], files["waiting"]]
