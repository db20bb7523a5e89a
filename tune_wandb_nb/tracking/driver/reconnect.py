"""Brings runs that had to go offline to W&B, as soon as its server is back."""

import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.auth.graphql import AccountError, look_up, project_page
from tune_wandb_nb.tracking.history.wandb_file import offline_logs
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.offline_runs import Outcome, RunUpload

if TYPE_CHECKING:
    from tune_wandb_nb.tracking.auth.server_check import Gate
    from tune_wandb_nb.tracking.runs.resilient_run import LastingRun

__all__ = ["Comeback"]

_PARALLEL = 4
_LEAVES_WITHIN = 5.0
_OPEN = ("waiting", "running")


class Comeback:
    """Asks a server that was away again and again; then runs go online, and old ones are uploaded.

    A run that was opened offline stays so until it ends, and is uploaded then. It all happens in a
    thread that starts with the first run that had to go offline.

    Args:
        say: Is told what a person should know.
        again_every: Seconds between two questions.
    """

    def __init__(self, say: Callable[[str], None], *, again_every: float = 15.0) -> None:
        self._say = say
        self._again_every = again_every
        self._runs: list[LastingRun] = []
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._rounds = 0

    def expect(self, run: "LastingRun") -> None:
        """Look after a run that has just gone offline, if its server may let it in later."""
        gate = run.plan.gate
        if gate is None or gate.is_final:
            return
        with self._changed:
            if run not in self._runs:
                self._runs.append(run)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop, name="tune-wandb-comeback", daemon=True
                )
                self._thread.start()

    def waiting(self) -> list["LastingRun"]:
        """Return the runs that are not in W&B yet."""
        with self._changed:
            return list(self._runs)

    def finish(self, timeout: float) -> bool:
        """Ask once more, now that all runs have ended; False if that took longer than it may.

        Args:
            timeout: Seconds.
        """
        with self._changed:
            rounds = self._rounds + (2 if self._is_busy else 1)
            self._wake.set()
            return self._changed.wait_for(lambda: not self._runs or self._rounds >= rounds, timeout)

    def close(self) -> None:
        """Leave what is not uploaded yet as it is; whoever uploads it later is then alone."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_LEAVES_WITHIN)

    def _loop(self) -> None:
        while True:
            self._wake.wait(self._again_every)
            self._wake.clear()
            if self._closing.is_set():
                return
            self._is_busy = True
            self._round()
            with self._changed:
                self._is_busy = False
                self._rounds += 1
                self._changed.notify_all()

    def _round(self) -> None:
        gates: dict[Gate, list[LastingRun]] = {}
        for run in self.waiting():
            assert run.plan.gate is not None
            gates.setdefault(run.plan.gate, []).append(run)
        for gate, runs in gates.items():
            if gate.ask_again() is not None:
                continue
            ended = [run for run in runs if not run.is_open and run.state not in _OPEN]
            if ended:
                try:
                    self._upload(gate, ended)
                except (AccountError, OSError) as error:
                    self._say(f"what was recorded offline is not uploaded yet: {error}")

    def _upload(self, gate: "Gate", runs: Sequence["LastingRun"]) -> None:
        assert gate.key is not None
        destination = Destination(gate.host, gate.key, look_up(gate.host, gate.key).entity)
        files = {
            file: run
            for run in runs
            for file in offline_logs(Path(run.plan.arguments["dir"]), run.run_id)
        }
        left = {run: [file for file, of in files.items() if of is run] for run in runs}

        def tell(outcome: Outcome) -> None:
            run = files[outcome.path]
            if outcome.state == "synced":
                left[run].remove(outcome.path)
                if not left[run]:
                    self._arrived(run, destination)

        with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as scratch:
            RunUpload(destination, Path(scratch), _PARALLEL).upload(
                list(files), tell, goes_on=lambda _: not self._closing.is_set()
            )

    def _arrived(self, run: "LastingRun", destination: Destination) -> None:
        entity = run.plan.arguments.get("entity") or destination.default_entity
        page = project_page(destination.host, entity, str(run.plan.arguments["project"]))
        run.was_uploaded(page)
        with self._changed:
            self._runs.remove(run)
            self._changed.notify_all()
