from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.runs.audit import audit_table
from tune_wandb_nb.tracking.views.search_view import ViewError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SearchInfo"]


class SearchInfo:
    """The part of `WandbLogger` that a person asks: it changes nothing of the search."""

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
        sweep = self._session.pages.sweep if self._session else None
        return sweep.url if sweep is not None else None

    @property
    def view_url(self) -> str | None:
        """The saved view of this search in W&B; None without ``view=True`` or `save_view`."""
        return self._session.pages.view_url if self._session else None

    def save_view(self) -> str:
        """Save a view of the search in its W&B project, and return its address.

        The view shows only this search: the metric of the best runs, parallel coordinates,
        parameter importance and scatter plots of the hyperparameters that vary. It is made with
        wandb-workspaces (``pip install 'tune-wandb-nb[view]'``).

        Raises:
            ViewError: the search is not online, wandb-workspaces is not installed, or the server
                takes no view; the message says what to do.
        """
        session = self._session
        page, group = self.project_url, session.trials.group if session else None
        if session is None or page is None or group is None:
            raise ViewError("a view needs a search whose runs are online, in one group")
        return session.pages.save_view(page, group)

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
