import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tune_wandb_nb.compat.wandb_folders import is_synced
from tune_wandb_nb.compat.wandb_log import BrokenLogError
from tune_wandb_nb.tracking.history.wandb_file import read_run
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.offline_runs import (
    Outcome,
    PendingUpload,
    Report,
    RunUpload,
    failed_outcome,
    is_abandoned,
)
from tune_wandb_nb.tracking.upload.wandb_cli import upload_logs

__all__ = ["LiveUpload"]

_LOOK_EVERY = 1.0
"""Seconds; no event announces a write by another machine."""


class LiveUpload:
    """Lets wandb follow each new run to its end, then waits ``patience`` seconds for another."""

    def __init__(
        self,
        upload: RunUpload,
        destination: Destination,
        find_files: Callable[[], Sequence[Path]],
        patience: float,
    ) -> None:
        self._upload = upload
        self._destination = destination
        self._find_files = find_files
        self._patience = patience
        self._seen: set[Path] = set()
        self._stopping = threading.Event()

    def follow(self, report: Report) -> None:
        followers: list[threading.Thread] = []
        last_active = time.monotonic()
        try:
            while time.monotonic() - last_active < self._patience:
                followers = [thread for thread in followers if thread.is_alive()]
                started = self._follow_new(report)
                followers += started
                if followers or started:
                    last_active = time.monotonic()
                time.sleep(_LOOK_EVERY)
        except KeyboardInterrupt:
            pass  # The next call continues.
        finally:
            self._stopping.set()
            for thread in followers:
                thread.join()

    def _follow_new(self, report: Report) -> list[threading.Thread]:
        files = [file for file in self._find_files() if file not in self._seen and _is_ready(file)]
        self._seen |= set(files)
        pending = self._upload.prepare([file for file in files if not is_synced(file)], report)
        if not pending:
            return []
        thread = threading.Thread(
            target=self._follow, args=(pending, report), name="wandb-live-sync"
        )
        thread.start()
        return [thread]

    def _follow(self, pending: Sequence[PendingUpload], report: Report) -> None:
        by_file = {each.file: each for each in pending}

        def should_continue(waiting: Sequence[Path]) -> bool:
            for file in waiting:
                if (copy := by_file[file].copy) is not None:
                    copy.catch_up()
            all_abandoned = all(is_abandoned(by_file[file].run.path) for file in waiting)
            return not all_abandoned and not self._stopping.is_set()

        left = upload_logs(
            list(by_file),
            self._destination,
            parallel=len(pending),
            live=True,
            on_synced=lambda file: report(self._finish(by_file[file])),
            should_continue=should_continue,
        )
        for file, error in left.items():
            upload = by_file[file]
            stopped = self._stopping.is_set() or is_abandoned(upload.run.path)
            report(self._finish(upload) if stopped else failed_outcome(upload.run, error))

    def _finish(self, upload: PendingUpload) -> Outcome:
        try:
            # Rows were written since the upload was prepared.
            run = read_run(upload.run.path)
        except (BrokenLogError, OSError) as error:
            return failed_outcome(upload.run, str(error))
        return self._upload.finish(PendingUpload(run, upload.copy))


def _is_ready(file: Path) -> bool:
    """Whether a file names its run, or, without it, is abandoned and thus broken."""
    try:
        read_run(file)
    except (BrokenLogError, OSError):
        return is_abandoned(file)
    return True
