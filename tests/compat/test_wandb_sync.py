"""``wandb beta sync`` of the installed wandb: takes our flags, marks files, prints its errors."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.wire import WireServer, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.compat.wandb_folders import find_logs, is_synced
from tune_wandb_nb.compat.wandb_sync import (
    printed_errors,
    sync_command,
    sync_environment,
    without_path,
)


def sync(
    server: WireServer, folder: Path, files: list[Path], *, live: bool = False
) -> subprocess.CompletedProcess[str]:
    command = sync_command(files, entity=None, project="other", parallel=2, live=live)
    environ = sync_environment(
        os.environ, host=server.url, key=server.api_key, folder=str(folder / "sync")
    )
    (folder / "sync").mkdir(exist_ok=True)
    return subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def offline_log(start_run: StartRun, tmp_path: Path) -> Path:
    """The file of an offline run with three rows."""
    run = start_run("one", mode="offline")
    for i in range(3):
        run.log({"value": i})
    run.finish()
    (file,) = find_logs(tmp_path / "wandb")
    # wandb-core writes the end after `finish` has returned, and would write over a changed file.
    read_ended_wandb_file(file)
    return file


@pytest.mark.parametrize("live", [False, True], ids=["once", "live"])
def test_the_command_uploads_and_marks_a_file(
    wire_server: WireServer, offline_log: Path, tmp_path: Path, live: bool
) -> None:
    done = sync(wire_server, tmp_path, [offline_log], live=live)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = wire_server.runs.values()
    assert [row["value"] for row in run.rows] == [0, 1, 2]
    assert run.project == "other"
    assert is_synced(offline_log), sorted(offline_log.parent.iterdir())
    assert printed_errors(done.stdout + done.stderr) == []


def test_a_marked_file_is_uploaded_all_the_same(
    wire_server: WireServer, offline_log: Path, tmp_path: Path
) -> None:
    offline_log.with_suffix(".wandb.synced").touch()
    assert sync(wire_server, tmp_path, [offline_log]).returncode == 0
    assert len(wire_server.runs) == 1


def test_an_error_names_the_files_folder_first(
    wire_server: WireServer, offline_log: Path, tmp_path: Path
) -> None:
    offline_log.write_bytes(offline_log.read_bytes()[:7] + b"\0" * 100)
    done = sync(wire_server, tmp_path, [offline_log])
    (error,) = printed_errors(done.stdout + done.stderr)
    assert offline_log.parent.name in error
    reason = without_path(error)
    assert reason
    assert offline_log.name not in reason


def test_the_environment_shares_nothing_with_the_search() -> None:
    given = {
        "PATH": "/bin",
        "WANDB_SERVICE": "3-1-unix-/core",
        "WANDB_PROJECT": "p",
        "WANDB_X_EXTRA_HTTP_HEADERS": "{}",
    }
    assert sync_environment(given, host="http://server", key="key", folder="/folder") == {
        "PATH": "/bin",
        "WANDB_X_EXTRA_HTTP_HEADERS": "{}",
        "WANDB_BASE_URL": "http://server",
        "WANDB_API_KEY": "key",
        "WANDB_DIR": "/folder",
    }
