"""Uploads recorded runs: gives wandb of each what W&B does not have, and sees that it arrives."""

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from tune_wandb_nb.compat.wandb_folders import (
    is_offline,
    mark_synced,
    recorded_id,
    start_of,
    unmark,
)
from tune_wandb_nb.compat.wandb_log import BrokenLogError, UnfinishedLogError
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.run_origin import is_of_a_trial, read_origin
from tune_wandb_nb.tracking.history.server_run import OVER, KnownRun
from tune_wandb_nb.tracking.history.wandb_file import (
    OFFLINE_SUFFIX,
    RecordedRun,
    UnsyncedCopy,
    read_run,
)
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.wandb_cli import upload_logs

__all__ = ["Outcome", "Part", "RunUpload", "Tell", "already_uploaded", "failed", "is_abandoned"]

_REFUSED = "W&B has not taken all of its rows"
_EMPTY = "its process left before it had recorded anything"
_IDLE = 600.0
"""Seconds after which a run without an end is taken for one whose process was killed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    run_id: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""
    is_short: bool = False
    """Whether it may lack rows that Tune has: it is broken, or its process was killed."""

    def with_note(self, note: str) -> "Outcome":
        """Return it with more said."""
        return replace(self, note=f"{self.note}; {note}" if self.note else note)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a run is to be uploaded."""

    run: RecordedRun
    rest: UnsyncedCopy | None = None
    """What W&B does not have of it; None where W&B has nothing."""
    goes_on_elsewhere: bool = False
    """Whether a later process has written a file of the same run."""

    @property
    def file(self) -> Path:
        """The file that is given to wandb."""
        return self.rest.copy if self.rest else self.run.path

    @property
    def rows(self) -> int:
        """How many rows that are."""
        return self.rest.rows if self.rest else self.run.rows


Tell: TypeAlias = Callable[[Outcome], None]


class RunUpload:
    """One call's uploads.

    Args:
        destination: Where to.
        scratch: A folder for copies of what W&B does not have.
        parallel: How many runs are uploaded at once.
    """

    def __init__(self, destination: Destination, scratch: Path, parallel: int) -> None:
        self._to = destination
        self._scratch = scratch
        self._parallel = parallel

    def upload(
        self,
        files: Sequence[Path],
        tell: Tell,
        goes_on: Callable[[Sequence[Path]], bool] = lambda _: True,
    ) -> None:
        """Upload files, and tell what became of each as soon as it is known.

        It ends early where ``goes_on``, asked again and again with what is left, says no.
        """
        parts = {part.file: part for part in self.prepare(files, tell)}
        if not parts:
            return
        left = upload_logs(
            list(parts),
            self._to,
            parallel=self._parallel,
            on_synced=lambda file: tell(self.close(parts[file])),
            goes_on=goes_on,
        )
        for file in left if goes_on(list(left)) else ():
            part = parts[file]
            if len(parts) == 1:
                tell(failed(part.run, left[file]))
            else:
                self._alone(part, tell)

    def _alone(self, part: Part, tell: Tell) -> None:
        """Upload a file that may have failed only because another one made wandb-core give up."""
        # Some of its rows may be there by now.
        for now in self.prepare([part.run.path], tell):
            again = replace(now, goes_on_elsewhere=part.goes_on_elsewhere)
            why = upload_logs([again.file], self._to)
            tell(failed(part.run, why[again.file]) if why else self.close(again))

    def prepare(self, files: Sequence[Path], tell: Tell) -> list[Part]:
        """Find out what W&B does not have; tell of files of which nothing can be uploaded."""
        runs: dict[tuple[str, str, str], list[RecordedRun]] = {}
        for run in map(_read, files):
            if isinstance(run, Outcome):
                tell(run)
            else:
                runs.setdefault((run.entity, run.project, run.run_id), []).append(run)
        parts: list[Part] = []
        with ThreadPoolExecutor(self._parallel) as pool:
            for prepared in pool.map(self._parts_of, runs.values()):
                for one in prepared:
                    if isinstance(one, Part):
                        parts.append(one)
                    else:
                        tell(one)
        return parts

    def close(self, part: Part) -> Outcome:
        """Mark a file as uploaded once W&B has its last row."""
        run = part.run
        outcome = Outcome(run.path, run.run_id, "synced", run.rows, part.rows)
        # wandb's own mark says nothing of rows that the server has refused.
        there = {"entity": run.entity, "project": run.project}
        if not self._to.has(run.last_step, run.run_id, **there):
            unmark(run.path)
            return failed(run, _REFUSED)
        if not (run.is_ended or part.goes_on_elsewhere or is_abandoned(run.path)):
            return replace(outcome, state="synced so far", note="the run has no end yet")
        mark_synced(run.path)
        if run.is_ended:
            return outcome
        return replace(outcome, note="its process was killed", is_short=True)

    def _parts_of(self, files: Sequence[RecordedRun]) -> list[Part] | list[Outcome]:
        """Find out what W&B does not have of the files of one run."""
        try:
            first = files[0]
            there = {"entity": first.entity, "project": first.project}
            found = self._to.look_up(first.run_id, **there)
        except AccountError as error:
            return [failed(run, str(error)) for run in files]
        if found.state in OVER and all(_is_in(run, found) for run in files):
            # They were online, and are there; only nobody has marked them.
            return [self.close(Part(run)) for run in files]
        known = found.last_step
        newest = max(files, key=lambda run: start_of(run.path))
        parts = []
        for run in sorted(files, key=lambda run: -1 if run.first_step is None else run.first_step):
            rest = None
            if known is not None or not run.is_ended or run.is_cut_off or run.is_renamed:
                folder = Path(tempfile.mkdtemp(dir=self._scratch))
                rest = UnsyncedCopy(run.path, folder, known)
            parts.append(Part(run, rest, goes_on_elsewhere=run is not newest))
            known = max((step for step in (known, run.last_step) if step is not None), default=None)
        return parts


def _is_in(run: RecordedRun, known: KnownRun) -> bool:
    """Tell whether W&B has a run that was online, to its end."""
    is_there = (known.last_step or -1) >= (run.last_step or -1)
    return run.is_ended and is_there and not is_offline(run.path)


def is_abandoned(file: Path) -> bool:
    """Tell whether nobody writes a file any more: for so long that its process must be gone."""
    origin = read_origin(file.parent)
    if origin is not None and origin.is_abandoned:
        return True
    return time.time() - file.stat().st_mtime > _IDLE


def failed(run: RecordedRun, note: str) -> Outcome:
    """Say that a run was not uploaded, and why."""
    return Outcome(run.path, run.run_id, "failed", run.rows, note=note)


def already_uploaded(file: Path) -> Outcome:
    """Describe a file that is marked as uploaded."""
    run = _read(file)
    rows = 0 if isinstance(run, Outcome) else run.rows
    return Outcome(file, run.run_id, "already synced", rows)


def _read(file: Path) -> RecordedRun | Outcome:
    try:
        return read_run(file)
    except (BrokenLogError, OSError) as error:
        if isinstance(error, UnfinishedLogError):
            if not is_of_a_trial(file.parent):
                return Outcome(file, _id_of(file), "empty", note=_EMPTY)
            if not is_abandoned(file):
                return Outcome(file, _id_of(file), "synced so far", note="nothing is on disk yet")
        return Outcome(file, _id_of(file), "broken", note=str(error), is_short=True)


def _id_of(file: Path) -> str:
    return recorded_id(file).removesuffix(OFFLINE_SUFFIX)
