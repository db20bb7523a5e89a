"""``wandb beta sync``, wandb's own upload of recorded runs, in a process of its own."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tune_wandb_nb.tracking.history.wandb_file import is_synced
from tune_wandb_nb.tracking.upload.destination import Destination

__all__ = ["upload_logs"]

_LOOK_EVERY = 0.2
_ENDS_WITHIN = 10.0
_ERROR = re.compile(r"ERROR\s+(.*)")
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
    command = [
        sys.executable,
        "-m",
        "wandb",
        "beta",
        "sync",
        "--no-skip-synced",
        "-n",
        str(parallel),
    ]
    command += ["--no-skip-online", "--live"] if live else ["--no-skip-online"]
    command += [*_overrides(destination), *(str(file.absolute()) for file in files)]
    with output.open("wb") as sink:
        # Ctrl-C is this process's to hear; it ends the other.
        return subprocess.Popen(  # noqa: S603 - wandb's own command
            command,
            env=_environ(destination, str(output.parent)),
            cwd=output.parent,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _overrides(destination: Destination) -> list[str]:
    named = {"--entity": destination.entity, "--project": destination.project}
    return [word for name, value in named.items() if value for word in (name, value)]


def _environ(destination: Destination, home: str) -> dict[str, str]:
    """Return the command's environment, in which it shares nothing with this search."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WANDB_") or name == "WANDB_X_EXTRA_HTTP_HEADERS"
    }
    key = destination.key.reveal()
    return {**kept, "WANDB_BASE_URL": destination.host, "WANDB_API_KEY": key, "WANDB_DIR": home}


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
    errors: list[str] = _ERROR.findall(said)
    own = [error for error in errors if file.parent.name in error]
    found = (own or errors or [f"wandb sync ended with exit code {code}"])[-1]
    # wandb puts the path before what it has to say.
    return re.sub(r'^Failed to [^"]*"[^"]*": ', "", found)[:_LONGEST]
