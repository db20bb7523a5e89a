"""``wandb beta sync``, wandb's own upload of recorded runs, in a process of its own."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tune_wandb_nb.compat.wandb_folders import is_synced
from tune_wandb_nb.compat.wandb_sync import (
    printed_errors,
    sync_command,
    sync_environment,
    without_path,
)
from tune_wandb_nb.tracking.upload.destination import Destination

__all__ = ["upload_logs"]

_LOOK_EVERY = 0.2
_ENDS_WITHIN = 10.0
_LONGEST = 300


def upload_logs(
    files: Sequence[Path],
    destination: Destination,
    *,
    parallel: int = 8,
    live: bool = False,
    on_synced: Callable[[Path], None] = lambda _: None,
    goes_on: Callable[[Sequence[Path]], bool] = lambda _: True,
) -> Mapping[Path, str]:
    """Upload files that none of which is broken; blocks until wandb has done what it can.

    wandb marks each file that it has uploaded (`is_synced`).

    Args:
        files: The files.
        destination: Where to.
        parallel: How many runs at once.
        live: Follow files that are still being written, until their runs end.
        on_synced: Is called with each file, soon after it is uploaded.
        goes_on: Is asked again and again, with the files that are not uploaded yet; wandb's
            process is ended where it says no.

    Returns:
        The files that were not uploaded -> why, in wandb's words.
    """
    waiting = list(files)
    with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as home:
        output = Path(home, "output")
        process = _start(files, destination, output, parallel, live)
        try:
            is_over = False
            while not is_over and waiting and goes_on(waiting):
                is_over = _is_over(process)
                for file in [file for file in waiting if is_synced(file)]:
                    waiting.remove(file)
                    on_synced(file)
            if not waiting:
                _is_over(process, _ENDS_WITHIN)
        finally:
            _end(process)
        said = output.read_text(errors="replace")
    return {file: _reason(file, said, process.returncode) for file in waiting}


def _start(
    files: Sequence[Path], destination: Destination, output: Path, parallel: int, live: bool
) -> "subprocess.Popen[bytes]":
    command = sync_command(
        files,
        entity=destination.entity,
        project=destination.project,
        parallel=parallel,
        live=live,
    )
    home = output.parent
    environ = sync_environment(
        os.environ, host=destination.host, key=destination.key.reveal(), folder=str(home)
    )
    with output.open("wb") as sink:
        # Ctrl-C is this process's to hear; it ends the other.
        return subprocess.Popen(  # noqa: S603 - wandb's own command
            command,
            env=environ,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _is_over(process: "subprocess.Popen[bytes]", patience: float = _LOOK_EVERY) -> bool:
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        if not _is_over(process, _ENDS_WITHIN):
            process.kill()
            process.wait()


def _reason(file: Path, said: str, code: int) -> str:
    errors = printed_errors(said)
    own = [error for error in errors if file.parent.name in error]
    found = (own or errors or [f"wandb sync ended with exit code {code}"])[-1]
    return without_path(found)[:_LONGEST]
