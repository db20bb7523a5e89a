from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.driver.session import Session
from tune_wandb_nb.tracking.driver.trials import Trials
from tune_wandb_nb.tracking.runs.audit import audit_table
from tune_wandb_nb.tracking.views.search_view import ViewError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SearchInfo"]


class SearchInfo:
    """The part of `WandbLogger` that a person asks."""

    _arguments: Mapping[str, Any]
    _session: Session | None

    @property
    def mode(self) -> str | None:
        """How the runs are logged: "online", "offline" or "disabled"; None before the first."""
        return _trials(self._session).mode

    @property
    def host(self) -> str | None:
        """The W&B server that was given; None for the one of the environment."""
        host = self._arguments["host"]
        return None if host is None else str(host)

    @property
    def project_url(self) -> str | None:
        """The W&B page of the project; None offline, and until the first run is open."""
        return _trials(self._session).project_url

    @property
    def group_url(self) -> str | None:
        """The W&B page of this search's runs; None offline, and until the first run is open."""
        return _trials(self._session).group_url

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

        The view shows this search's best curves, parallel coordinates, parameter importance and
        scatter plots of what varies. It needs ``pip install 'tune-wandb-nb[view]'``.

        Raises:
            ViewError: the search is not online, wandb-workspaces is not installed, or the server
                takes no view; the message says what to do.
        """
        page, group = self.project_url, _trials(self._session).group
        if self._session is None or page is None or group is None:
            raise ViewError("a view needs a search whose runs are online, in one group")
        return self._session.pages.save_view(page, group)

    @property
    def trouble(self) -> str | None:
        """What is wrong with W&B right now, in a few words; None if nothing is."""
        return _trials(self._session).trouble

    def run_url(self, trial_id: str) -> str | None:
        """Return the W&B page of one trial; None offline, and until its run is open."""
        tracked = _trials(self._session).get(trial_id)
        return tracked.stats.url if tracked else None

    @property
    def stopped_in_wandb(self) -> tuple[str, ...]:
        """The ids of the trials whose runs someone has stopped on their W&B pages."""
        return tuple(run.trial_id for run in _trials(self._session).stats if run.stopped_in_wandb)

    def audit(self) -> "pd.DataFrame":
        """Return what became of every row: one line a trial.

        The columns are trial_id, run_id, name, state, reported (by Tune), logged (in the run),
        dropped (not in it), mode, url, path (the run's folder) and note, which explains what is
        missing.
        """
        return audit_table(_trials(self._session).stats)


def _trials(session: Session | None) -> Trials:
    return session.trials if session is not None else Trials()
