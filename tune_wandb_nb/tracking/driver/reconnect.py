import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tune_wandb_nb.compat.wandb_folders import offline_logs
from tune_wandb_nb.tracking.auth.graphql import AccountError, look_up_account, project_page
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.offline_runs import Outcome, RunUpload

if TYPE_CHECKING:
    from tune_wandb_nb.tracking.auth.server_check import ServerCheck
    from tune_wandb_nb.tracking.runs.trial_run import TrialRun

__all__ = ["Reconnect"]

_PARALLEL = 4
_STOPS_WITHIN = 5.0
_OPEN = ("waiting", "running")


class Reconnect:
    """Asks an unreachable server again at intervals; once it answers, uploads ended runs.

    Its thread starts with the first run that had to go offline.
    """

    def __init__(self, say: Callable[[str], None], *, again_every: float = 15.0) -> None:
        self._say = say
        self._again_every = again_every
        self._runs: list[TrialRun] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._rounds = 0

    def expect(self, run: "TrialRun") -> None:
        check = run.plan.check
        if check is None or check.is_final:
            return
        with self._changed:
            if run not in self._runs:
                self._runs.append(run)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop, name="tune-wandb-reconnect", daemon=True
                )
                self._thread.start()

    def waiting(self) -> list["TrialRun"]:
        with self._changed:
            return list(self._runs)

    def finish(self, timeout: float) -> bool:
        """Ask once more."""
        with self._changed:
            rounds = self._rounds + (2 if self._is_busy else 1)
            self._wake.set()
            return self._changed.wait_for(lambda: not self._runs or self._rounds >= rounds, timeout)

    def stop(self) -> None:
        """Stop uploading: a later `sync_runs` must be alone with the files."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOPS_WITHIN)

    def _loop(self) -> None:
        while True:
            self._wake.wait(self._again_every)
            self._wake.clear()
            if self._stopping.is_set():
                return
            self._is_busy = True
            try:
                self._round()
            except Exception as error:
                self._say(f"runs recorded offline are not uploaded yet ({type(error).__name__})")
            with self._changed:
                self._is_busy = False
                self._rounds += 1
                self._changed.notify_all()

    def _round(self) -> None:
        checks: dict[ServerCheck, list[TrialRun]] = {}
        for run in self.waiting():
            assert run.plan.check is not None
            checks.setdefault(run.plan.check, []).append(run)
        for check, runs in checks.items():
            if check.ask_again() is not None:
                continue
            # A trial that starts again waits for the upload.
            locked = [run for run in runs if run.lock.acquire(blocking=False)]
            try:
                self._upload(check, [run for run in locked if _has_ended(run)])
            except (AccountError, OSError) as error:
                self._say(f"what was recorded offline is not uploaded yet: {error}")
            finally:
                for run in locked:
                    run.lock.release()

    def _upload(self, check: "ServerCheck", runs: Sequence["TrialRun"]) -> None:
        if not runs:
            return
        assert check.key is not None
        destination = Destination(
            check.host, check.key, look_up_account(check.host, check.key).entity
        )
        files = {
            file: run
            for run in runs
            for file in offline_logs(Path(run.plan.arguments["dir"]), run.stats.run_id)
        }
        left = {run: [file for file, of in files.items() if of is run] for run in runs}

        def note_uploaded(outcome: Outcome) -> None:
            run = files[outcome.path]
            if outcome.state == "synced":
                left[run].remove(outcome.path)
                if not left[run]:
                    self._arrived(run, destination)

        with tempfile.TemporaryDirectory(prefix="tune-wandb-nb-") as scratch:
            RunUpload(destination, Path(scratch), _PARALLEL).upload(
                list(files), note_uploaded, should_continue=lambda _: not self._stopping.is_set()
            )

    def _arrived(self, run: "TrialRun", destination: Destination) -> None:
        entity = run.plan.arguments.get("entity") or destination.default_entity
        page = project_page(destination.host, entity, str(run.plan.arguments["project"]))
        run.stats.mark_uploaded(page)
        with self._changed:
            self._runs.remove(run)
            self._changed.notify_all()


def _has_ended(run: "TrialRun") -> bool:
    return not run.is_open and run.stats.state not in _OPEN
