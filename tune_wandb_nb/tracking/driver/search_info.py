"""What a person can ask a logger about its search: its pages, its mode, what became of its rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.driver.audit import audit_table
from tune_wandb_nb.tracking.driver.session import Session

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SearchInfo"]


class SearchInfo:
    """The part of `WandbLogger` that looks at the search that is tracked, and changes nothing."""

    _arguments: Mapping[str, Any]
    _session: Session | None

    @property
    def mode(self) -> str | None:
        """How the runs are logged: "online", "offline" or "disabled"; None before the first."""
        return self._session.trials.mode if self._session else None

    @property
    def host(self) -> str | None:
        """The W&B server that was given; None for the one of the environment."""
        host = self._arguments["host"]
        return None if host is None else str(host)

    @property
    def project_url(self) -> str | None:
        """The W&B page of the project; None offline, and until the first run is open."""
        return self._session.trials.project_url if self._session else None

    @property
    def group_url(self) -> str | None:
        """The W&B page of this search's runs; None offline, and until the first run is open."""
        return self._session.trials.group_url if self._session else None

    @property
    def sweep_url(self) -> str | None:
        """The W&B page of this search's sweep; None without ``sweep=True``."""
        return self._session.sweep.url if self._session and self._session.sweep else None

    @property
    def trouble(self) -> str | None:
        """What is wrong with W&B right now, in a few words; None if nothing is."""
        return self._session.trials.trouble if self._session else None

    def run_url(self, trial_id: str) -> str | None:
        """Return the W&B page of one trial; None offline, and until its run is open."""
        tracked = self._session.trials.get(trial_id) if self._session else None
        return tracked.stats.url if tracked else None

    @property
    def stopped_in_wandb(self) -> tuple[str, ...]:
        """The ids of the trials whose runs someone has stopped on their W&B pages."""
        runs = self._session.trials.stats if self._session else []
        return tuple(run.trial_id for run in runs if run.stopped_in_wandb)

    def audit(self) -> "pd.DataFrame":
        """Return what became of every row: one line a trial.

        The columns are trial_id, run_id, name, state, reported (rows that Tune reported), logged
        (rows that are in the run), dropped (rows that are not), mode, url, path (the run's folder)
        and note, which explains what is missing.
        """
        return audit_table(self._session.trials.stats if self._session else [])
