"""Follows runs that are being recorded offline: uploads each row soon after it is written."""

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
    Part,
    RunUpload,
    Tell,
    failed,
    is_abandoned,
)
from tune_wandb_nb.tracking.upload.wandb_cli import upload_logs

__all__ = ["LiveUpload"]

_LOOK_EVERY = 1.0
"""There is no event for what another machine writes into a shared folder."""


class LiveUpload:
    """Looks for runs again and again, and has wandb follow each of them to its end.

    Args:
        upload: Prepares what is uploaded, and closes it.
        destination: Where to.
        find: Finds the files there are now.
        patience: Seconds without a new run, once all have ended, after which it is over.
    """

    def __init__(
        self,
        upload: RunUpload,
        destination: Destination,
        find: Callable[[], Sequence[Path]],
        patience: float,
    ) -> None:
        self._upload = upload
        self._to = destination
        self._find = find
        self._patience = patience
        self._seen: set[Path] = set()
        self._stopping = threading.Event()

    def follow(self, tell: Tell) -> None:
        """Follow all runs; returns when they have ended and no new one comes, or at Ctrl-C."""
        followers: list[threading.Thread] = []
        last_news = time.monotonic()
        try:
            while time.monotonic() - last_news < self._patience:
                followers = [thread for thread in followers if thread.is_alive()]
                started = self._follow_new(tell)
                followers += started
                if followers or started:
                    last_news = time.monotonic()
                time.sleep(_LOOK_EVERY)
        except KeyboardInterrupt:
            # What is there is uploaded, and the next call goes on from here.
            pass
        finally:
            self._stopping.set()
            for thread in followers:
                thread.join()

    def _follow_new(self, tell: Tell) -> list[threading.Thread]:
        files = [file for file in self._find() if file not in self._seen and _names_its_run(file)]
        self._seen |= set(files)
        parts = self._upload.prepare([file for file in files if not is_synced(file)], tell)
        if not parts:
            return []
        thread = threading.Thread(target=self._follow, args=(parts, tell), name="wandb-live-sync")
        thread.start()
        return [thread]

    def _follow(self, parts: Sequence[Part], tell: Tell) -> None:
        """Have one process of wandb follow some runs."""
        by_file = {part.file: part for part in parts}

        def goes_on(waiting: Sequence[Path]) -> bool:
            for file in waiting:
                if (rest := by_file[file].rest) is not None:
                    rest.catch_up()
            gone = all(is_abandoned(by_file[file].run.path) for file in waiting)
            return not gone and not self._stopping.is_set()

        left = upload_logs(
            list(by_file),
            self._to,
            parallel=len(parts),
            live=True,
            on_synced=lambda file: tell(self._closed(by_file[file])),
            goes_on=goes_on,
        )
        for file, why in left.items():
            part = by_file[file]
            stopped = self._stopping.is_set() or is_abandoned(part.run.path)
            tell(self._closed(part) if stopped else failed(part.run, why))

    def _closed(self, part: Part) -> Outcome:
        try:
            now = read_run(part.run.path)
        except (BrokenLogError, OSError) as error:
            return failed(part.run, str(error))
        return self._upload.close(Part(now, part.rest))


def _names_its_run(file: Path) -> bool:
    """Tell whether a file can be read yet: wandb-core writes it in blocks of 32 KiB."""
    try:
        read_run(file)
    except (BrokenLogError, OSError):
        return is_abandoned(file)
    return True
