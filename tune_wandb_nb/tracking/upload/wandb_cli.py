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
_EXIT_TIMEOUT = 10.0
_LONGEST_ERROR = 300


def upload_logs(
    files: Sequence[Path],
    destination: Destination,
    *,
    parallel: int = 8,
    live: bool = False,
    on_synced: Callable[[Path], None] = lambda _: None,
    should_continue: Callable[[Sequence[Path]], bool] = lambda _: True,
) -> Mapping[Path, str]:
    """Return file -> error of those that failed; one broken file can make wandb give up on all."""
    waiting = list(files)
    with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as folder:
        output = Path(folder, "output")
        process = _start(files, destination, output, parallel, live)
        try:
            has_exited = False
            while not has_exited and waiting and should_continue(waiting):
                has_exited = _wait(process)
                for file in [file for file in waiting if is_synced(file)]:
                    waiting.remove(file)
                    on_synced(file)
            if not waiting:
                _wait(process, _EXIT_TIMEOUT)
        finally:
            _terminate(process)
        printed = output.read_text(errors="replace")
    return {file: _reason(file, printed, process.returncode) for file in waiting}


def _start(
    files: Sequence[Path], destination: Destination, output: Path, parallel: int, live: bool
) -> "subprocess.Popen[bytes]":
    command = sync_command(
        files, entity=destination.entity, project=destination.project, parallel=parallel, live=live
    )
    folder = output.parent
    environ = sync_environment(
        os.environ, host=destination.host, key=destination.key.reveal(), folder=str(folder)
    )
    with output.open("wb") as sink:
        # In a session of its own: Ctrl-C interrupts this process, which terminates wandb's.
        return subprocess.Popen(  # noqa: S603 - wandb's own command
            command,
            env=environ,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(process: "subprocess.Popen[bytes]", timeout: float = _LOOK_EVERY) -> bool:
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        return False
    return True


def _terminate(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        if not _wait(process, _EXIT_TIMEOUT):
            process.kill()
            process.wait()


def _reason(file: Path, printed: str, code: int) -> str:
    errors = printed_errors(printed)
    own = [error for error in errors if file.parent.name in error]
    found = (own or errors or [f"wandb sync ended with exit code {code}"])[-1]
    return without_path(found)[:_LONGEST_ERROR]
