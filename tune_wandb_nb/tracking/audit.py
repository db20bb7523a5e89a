"""What became of every row: the audit table, and the one line at the end of a search."""

import os.path
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from tune_wandb_nb.tracking.settings import Mode

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AUDIT_COLUMNS", "Account", "audit_table", "closing_line", "sync_command"]

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


class Account(Protocol):
    """What the audit asks of a run; `TrialRun` is one."""

    trial_id: str
    name: str
    state: str
    reported: int
    logged: int
    dropped: int
    mode: Mode
    url: str | None
    path: str | None

    @property
    def run_id(self) -> str:
        """The id of the W&B run."""

    def explain(self) -> str:
        """Say in words why rows or values are missing; empty where none are."""


@dataclass(frozen=True, slots=True)
class _Totals:
    trials: int
    reported: int
    logged: int
    dropped: int


def audit_table(accounts: Iterable[Account]) -> "pd.DataFrame":
    """Return one row a trial, in the order in which they started."""
    import pandas as pd

    rows = [
        [account.explain() if c == "note" else getattr(account, c) for c in AUDIT_COLUMNS]
        for account in accounts
    ]
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(AUDIT_COLUMNS))
    return table


def closing_line(accounts: Sequence[Account], unfinished: Sequence[Account]) -> str:
    """Say in one line where the rows are, or what is missing and the command that mends it."""
    totals = _Totals(
        len(accounts),
        *(sum(getattr(a, n) for a in accounts) for n in ("reported", "logged", "dropped")),
    )
    counted = f"{_count(totals.trials, 'trial')}, {_count(totals.reported, 'row')}"
    if all(account.mode == "disabled" for account in accounts):
        return f"{counted}, none tracked (mode is 'disabled')."
    if unfinished:
        names = ", ".join(a.name for a in unfinished[:_NAMED_AT_MOST])
        more = len(unfinished) - _NAMED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        command = sync_command([a.path for a in unfinished if a.path])
        return f"{counted}; not uploaded in time: {names}{rest}." + (
            f" The rows are on disk; upload them with: {command}" if command else ""
        )
    text = f"{counted}, "
    if totals.logged == totals.reported:
        text += "all "
    else:
        text += f"{totals.logged} of them "
    offline = [a.path for a in accounts if a.mode == "offline" and a.path]
    if not offline:
        text += "in W&B."
    else:
        text += f"on disk, offline. Upload with: {sync_command(offline)}"
    if totals.logged != totals.reported:
        text += " See .audit() for what is missing and why."
    return text


def sync_command(paths: Sequence[str]) -> str:
    """Return the ``wandb sync`` command for some run folders; empty where there are none.

    Many folders of one search are written as one glob: their names end in the trials' ids, which
    share what comes before the last underscore.

    Example:
        >>> sync_command(["wandb/offline-run-1-ab_00000", "wandb/offline-run-2-ab_00001"])
        'wandb sync wandb/offline-run-1-ab_00000 wandb/offline-run-2-ab_00001'
        >>> sync_command([f"wandb/offline-run-{i}-ab_{i:05}" for i in range(16)])
        'wandb sync wandb/offline-run-*-ab_*'
    """
    short = [_shorter(path) for path in paths]
    if not short:
        return ""
    folders = {str(PurePath(path).parent) for path in short}
    stems = {path.rpartition("-")[2].rpartition("_")[0] for path in short}
    if len(short) > _NAMED_AT_MOST and len(folders) == len(stems) == 1 and all(stems):
        kind = "offline-run" if "offline-run-" in short[0] else "run"
        folder = shlex.quote(folders.pop())
        return f"wandb sync {folder}/{kind}-*-{stems.pop()}_*"
    return "wandb sync " + " ".join(shlex.quote(path) for path in short)


def _shorter(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
