"""The file beside a run that names its trial: written, read, and honest about its process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tune_wandb_nb.tracking.history.run_origin import (
    Origin,
    is_of_a_trial,
    read_origin,
    write_origin,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert not is_of_a_trial(tmp_path)
    origin = Origin("run", "trial", "digits", "search", "team", "s3://bucket/search", "/tmp/t")
    write_origin(tmp_path, origin)
    assert is_of_a_trial(tmp_path)
    assert read_origin(tmp_path) == origin
    assert (origin.hostname, origin.pid) == (socket.gethostname(), str(os.getpid()))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("[1]", id="list"),
        pytest.param("{}", id="without-names"),
        pytest.param(
            json.dumps(dict.fromkeys(["run_id", "trial_id", "project", "group", "new"], "")),
            id="of-a-later-version",
        ),
    ],
)
def test_what_cannot_be_read_is_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tune-trial.json").write_text(content)
    assert read_origin(tmp_path) is None


def test_a_folder_that_is_gone_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"tune-trial\.json"):
        write_origin(tmp_path / "gone", Origin("run", "trial", "p", "g"))


def origin(pid: object, hostname: str | None = None) -> Origin:
    return Origin("run", "trial", "p", "g", hostname=hostname or socket.gethostname(), pid=str(pid))


def test_a_run_is_abandoned_once_its_process_does_not_exist() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    assert origin(gone.pid).is_abandoned
    assert not origin(os.getpid()).is_abandoned
    assert not origin(1).is_abandoned, "a process of another user exists"


@pytest.mark.parametrize("pid", ["", "-1", "none", 10**30])
def test_a_process_that_cannot_be_looked_up_is_not_given_up(pid: object) -> None:
    assert not origin(pid).is_abandoned


def test_a_process_of_another_machine_is_not_given_up() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    assert not origin(gone.pid, "another.example.com").is_abandoned
