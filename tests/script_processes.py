"""Scripts in a process of their own, which tests interrupt and whose output they wait for."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["StartScript", "read_to", "scripts"]

_HEARS_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""What is started by a shell in the background ignores them, and so do all below it."""

StartScript = Callable[..., "subprocess.Popen[str]"]


@contextmanager
def scripts(
    folder: Path, text: str, environ: Mapping[str, str] | None = None
) -> Iterator[StartScript]:
    """Give a function that starts a script, and waits until it prints RUNNING; kill all at the end.

    The function takes the script's arguments, and ``env`` for more variables of its environment.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        (folder / "script.py").write_text(_HEARS_INTERRUPTS + textwrap.dedent(text))
        process = subprocess.Popen(
            [sys.executable, "script.py", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={
                **{k: v for k, v in os.environ.items() if k != "WANDB_SERVICE"},
                "PYTHONPATH": str(Path(__file__).parent.parent),
                **(environ or {}),
                **(env or {}),
            },
        )
        started.append(process)
        read_to(process, "RUNNING")
        return process

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def read_to(process: subprocess.Popen[str], word: str) -> str:
    """Return what a process prints, up to the line with a word."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError(f"{word} never came:\n{''.join(lines)}")
