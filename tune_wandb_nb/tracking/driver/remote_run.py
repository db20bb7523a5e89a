"""The driver's account of a run that its trial's own process writes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tune_wandb_nb.tracking.broker.client import desk
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

__all__ = ["RemoteRun", "RemoteRuns"]

_SILENT = "the trial's process did not tell that it had logged them"
_TOLD_ALREADY = 5.0
_STILL_STOPPING = 60.0


class RemoteRun(TrialRun):
    """Takes the place of a `TrialRun` in the writer, and lets the trial do the work."""

    def open(self) -> None:
        """Leave it to the trial."""
        self.state = "running"

    def prepare(self, make: Callable[[], Row | None]) -> Row | None:
        """Make no row: the trial makes its own of the same result."""
        del make
        return None

    def write(self, row: Row) -> None:
        """Leave it to the trial."""

    def save(self, checkpoint: SavedCheckpoint) -> None:
        """Leave it to the trial."""

    def end(self, ending: Ending) -> None:
        """Wait until the trial has ended its run, and take over what became of its rows."""
        self._take_over_the_last(ending)
        self.state = ending.state
        # The end of its process may have cut off rows, or what it would have told of them.
        silent = self.reported - self.logged - self.dropped
        if self.mode != "disabled" and silent > 0:
            self.lost += silent
            self._count_drop(_SILENT, silent)

    def take_over(self, account: Mapping[str, Any]) -> None:
        """Take over the account that the trial has given of itself."""
        for name, value in account.items():
            setattr(self, name, value)
        self.reasons = Counter(self.reasons)

    def _take_over_the_last(self, ending: Ending) -> None:
        if desk.broker is None:
            return
        import ray

        # A trial that came to its end by itself, or failed, has told before Tune knew of it.
        patience = _TOLD_ALREADY if ending.exit_code else _STILL_STOPPING
        try:
            told = desk.broker.ended.remote(self.trial_id, patience, had_run=self.path is not None)
            account = ray.get(told, timeout=patience)
        except Exception as error:
            self.note = f"the trial's process did not tell what became of its rows: {error!r}"
            return
        if account is not None:
            self.take_over(account)


class RemoteRuns:
    """Asks the broker, without waiting for it, what trials have told since."""

    def __init__(self) -> None:
        self._asked: Any = None

    def poll(self, runs: Iterable[TrialRun], notices: Notices) -> None:
        """Take over what the last question has brought, and ask again."""
        remote = {run.trial_id: run for run in runs if isinstance(run, RemoteRun)}
        broker = desk.broker
        if not remote or broker is None:
            return
        import ray

        if self._asked is not None:
            if not ray.wait([self._asked], timeout=0)[0]:
                return
            self.settle(remote, notices)
        self._asked = broker.accounts.remote()

    def settle(self, remote: Mapping[str, RemoteRun], notices: Notices) -> None:
        """Wait for the answer and take it over."""
        import ray

        asked, self._asked = self._asked, None
        try:
            accounts, said, is_told = ray.get(asked, timeout=_TOLD_ALREADY)
        except Exception:
            # The broker is gone with its node; what trials have told by their end is known.
            return
        if not is_told:
            desk.tell_again()
        for trial_id, run in remote.items():
            if trial_id in accounts and run.state == "running":
                run.take_over(accounts[trial_id])
        for text in said:
            notices.say(text)
