import glob
import os.path
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from tune_wandb_nb.tracking.notices import count
from tune_wandb_nb.tracking.runs.run_stats import RunStats

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AUDIT_COLUMNS", "audit_table", "closing_line", "sync_command"]

AUDIT_COLUMNS = (
    "trial_id",
    "run_id",
    "name",
    "state",
    "reported",
    "logged",
    "dropped",
    "mode",
    "url",
    "path",
    "note",
)
_NAMED_AT_MOST = 3
_RUN_FOLDER = re.compile(r"(offline-run|run)-[^-]+-(.+)_[^_]*")
"""A run's folder: kind, time, and the id, in which Tune numbers the trials."""


def audit_table(runs: Iterable[RunStats]) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        [run.explain() if c == "note" else getattr(run, c) for c in AUDIT_COLUMNS] for run in runs
    ]
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(AUDIT_COLUMNS))
    return table


def closing_line(
    runs: Sequence[RunStats],
    unfinished: Sequence[RunStats],
    repair: str = "",
    group: str = "",
    others: Sequence[RunStats] = (),
) -> str:
    if not runs:
        return "no trial was tracked."
    reported, logged = sum(run.reported for run in runs), sum(run.logged for run in runs)
    failed = sum(run.state == "failed" for run in runs)
    counted = count(len(runs), "trial") + (f" ({failed} failed)" if failed else "")
    counted += f", {count(reported, 'row')}"
    if all(run.mode == "disabled" for run in runs):
        return f"{counted}, none tracked (mode is 'disabled')."
    on_disk = [*unfinished, *(run for run in (*runs, *others) if run.mode == "offline")]
    command = sync_command(list(dict.fromkeys(run.path for run in on_disk if run.path)), group)
    if unfinished:
        names = ", ".join(run.name for run in unfinished[:_NAMED_AT_MOST])
        more = len(unfinished) - _NAMED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        text = f"{counted}; not uploaded in time: {names}{rest}."
        if (unwritten := sum(a.reported - a.logged - a.dropped for a in unfinished)) > 0:
            text += f" {count(unwritten, 'row')} of theirs were not written yet; Tune has them all."
            return text + (f" This brings them to W&B: {repair}" if repair else "")
        return text + (f" The rows are on disk; upload them with: {command}" if command else "")
    text = f"{counted}, {'all' if logged == reported else f'{logged} of them'} "
    text += f"on disk, offline. Upload with: {command}" if command else "in W&B."
    if logged != reported:
        text += " See .audit() for what is missing and why."
        if repair and any(run.lost for run in runs):
            text += f" This repairs it: {repair}"
    return text


def sync_command(paths: Sequence[str], group: str = "") -> str:
    """Return the command that uploads some run folders; empty where there are none.

    Many folders are one glob, where it finds no others, or `sync_runs` with their group: Optuna's
    trials have random ids.
    """
    short = [_shorter(path) for path in paths]
    families: dict[_Family | None, set[str]] = {}
    for path in short:
        families.setdefault(_Family.of(path), set()).add(PurePath(path).name)
    globs: dict[_Family | None, str] = {
        family: family.glob()
        for family, names in families.items()
        if family and len(names) > _NAMED_AT_MOST and family.names_on_disk() <= names
    }
    words: list[str] = []
    for path in short:
        word = globs.get(_Family.of(path))
        if word is None or word not in words:
            words.append(word or shlex.quote(path))
    homes = {str(PurePath(path).parent) for path in short}
    if len(words) > _NAMED_AT_MOST and group and len(homes) == 1:
        return f"tune_wandb_nb.sync_runs({homes.pop()!r}, group={group!r})"
    return " ".join(["wandb sync", *words]) if words else ""


@dataclass(frozen=True, slots=True)
class _Family:
    folder: str
    kind: str
    search: str

    @classmethod
    def of(cls, path: str) -> "_Family | None":
        found = _RUN_FOLDER.fullmatch(PurePath(path).name)
        return cls(str(PurePath(path).parent), found[1], found[2]) if found else None

    def glob(self) -> str:
        return f"{shlex.quote(self.folder)}/{self.kind}-*-{shlex.quote(self.search)}_*"

    def names_on_disk(self) -> set[str]:
        pattern = f"{self.kind}-*-{glob.escape(self.search)}_*"
        return {path.name for path in Path(self.folder).glob(pattern)}


def _shorter(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
