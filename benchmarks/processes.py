"""Runs a benchmark's search in a process of its own, and reads from /proc what it costs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil
from typing_extensions import Self

_MIB = 2**20
_MARK = "TUNE_WANDB_BENCHMARK"


def in_fresh_process(
    script: str,
    name: str,
    options: argparse.Namespace,
    *,
    shares_core: bool = False,
    count: Callable[[Path], dict[str, Any]] = lambda _: {},
    environ: Mapping[str, str] = MappingProxyType({}),
    flags: Sequence[str] = (),
) -> tuple[dict[str, Any], MemoryWatch]:
    """Run one search in a process and a folder of its own, offline by default, and watch it.

    Args:
        script: The benchmark; with ``--search NAME`` it runs the search and prints what it found.
        name: Which search.
        options: Its trials, results, metrics and concurrency.
        shares_core: Whether wandb-core may be no child of the search's process.
        count: Counts what the search has left in its folder.
        environ: Further variables of its environment.
        flags: Further arguments.

    Returns:
        What the search printed and what was counted, and the watch.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, script, "--search", name, *flags]
        for option in ("trials", "results", "metrics", "concurrency"):
            if hasattr(options, option):
                command += [f"--{option}", str(getattr(options, option))]
        env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
        env |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "PYTHONWARNINGS": "ignore"}
        env |= {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "NETRC": f"{folder}/netrc"}
        # The trials import this checkout too.
        env |= {_MARK: folder, "PYTHONPATH": str(Path(__file__).parent.parent)}
        env |= environ
        errors = Path(folder, "errors")
        with (
            errors.open("w") as file,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=file, text=True, cwd=folder, env=env
            ) as process,
            MemoryWatch(process.pid, mark=f"{_MARK}={folder}" if shares_core else "") as memory,
        ):
            output = process.communicate()[0]
        if process.returncode:
            sys.exit(f"{name} failed:\n{output}\n{errors.read_text()}")
        return json.loads(output.splitlines()[-1]) | count(Path(folder)), memory


def core_cpu_seconds(parent: int) -> float:
    """CPU seconds of the wandb-core processes below a process."""
    return sum(
        sum(child.cpu_times()[:2])
        for child in psutil.Process(parent).children(recursive=True)
        if _kind(child) == "wandb-core"
    )


def marked_cores(mark: str, known: set[int]) -> list[psutil.Process]:
    """Find the wandb-core processes with a mark in their environment that are not known yet."""
    name, _, value = mark.partition("=")
    found = []
    for process in psutil.process_iter() if mark else ():
        try:
            if process.pid in known or _kind(process) != "wandb-core":
                continue
            if process.environ().get(name) == value:
                found.append(process)
        except psutil.Error:
            continue
    return found


@dataclass(slots=True)
class MemoryWatch:
    """Samples private memory (USS) of a driver, its Ray workers and its wandb-core processes."""

    pid: int
    every: float = 0.5
    mark: str = ""
    """NAME=value of the environment of wandb-core processes that are no children of the driver."""
    samples: list[tuple[float, int]] = field(default_factory=list)
    """(MiB, number of processes), in the order of time."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    @property
    def peak(self) -> float:
        """The highest sample, in MiB."""
        return max(mib for mib, _ in self.samples)

    @property
    def processes(self) -> int:
        """The highest number of processes."""
        return max(count for _, count in self.samples)

    def at(self, share: float) -> float:
        """The sample at a share (0 to 1) of the time, in MiB."""
        return self.samples[min(int(share * len(self.samples)), len(self.samples) - 1)][0]

    def _watch(self) -> None:
        while not self._stop.wait(self.every):
            try:
                driver = psutil.Process(self.pid)
                tree = [driver, *driver.children(recursive=True)]
                tree += marked_cores(self.mark, {process.pid for process in tree})
            except psutil.NoSuchProcess:
                return
            sizes = [_private(p) for p in tree if p.pid == self.pid or _kind(p)]
            sizes = [size for size in sizes if size]
            if sizes:
                self.samples.append((sum(sizes) / _MIB, len(sizes)))


def _kind(process: psutil.Process) -> str | None:
    try:
        name = " ".join(process.cmdline()[:1])
    except psutil.Error:
        return None
    if "wandb-core" in name:
        return "wandb-core"
    return "ray" if name.startswith("ray::") else None


def _private(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:
        return 0
