import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tune_wandb_nb.compat.ray_search import TuneSearch
from tune_wandb_nb.search_space.space.importance_shares import most_important
from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.control.search_space import varied_params
from tune_wandb_nb.tracking.control.search_sweep import SearchSweep, begin_sweep
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.views.search_run import SearchRun, TrialEntry, plan_of_search_run
from tune_wandb_nb.tracking.views.search_view import SavedView, ViewContent, ViewError, save_view

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["SearchPages"]

_SWEEP, _RUN = "wandb sweep", "wandb search run"
"""Keys, beside the trials' ids, of a search's saved state."""
_SAVED_WITHIN = 10.0


class SearchPages:
    """What W&B shows of a search beside its trials' runs; the writer has ``open_run`` and ``send``.

    ``on_offline`` is called with a run that was to be online and is not.
    """

    def __init__(
        self,
        settings: WandbSettings,
        access: Callable[[], Access],
        search: TuneSearch | None,
        say: Callable[[str], None],
        *,
        open_run: Callable[[TrialRun], None],
        send: Callable[[TrialRun, Callable[[], Row] | Ending], None],
        on_offline: Callable[[TrialRun], None],
    ) -> None:
        self.sweep: SearchSweep | None = None
        self.run: SearchRun | None = None
        self.are_due = True
        """Whether no run has come online yet."""
        self._settings, self._access, self._search, self._say = settings, access, search, say
        self._open_run, self._send, self._on_offline = open_run, send, on_offline
        self._view: SavedView | None = None
        self._is_last = False
        self._important: str | None = None
        self._entries: Sequence[TrialEntry] = ()
        self._where: tuple[str, str] | None = None
        """The project's page and the group of the view."""
        self._saving: threading.Thread | None = None
        self._restored: Mapping[str, Any] = {}

    def begin(self, arguments: Mapping[str, Any], restored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Register the sweep where one is asked for; return the logger's arguments with it."""
        self._restored = restored
        if self._settings.view and self._search is not None and self._search.changes_config:
            # For the charts of the schedules.
            arguments = {**arguments, "log_config": True}
        if not self._settings.sweep:
            return arguments
        sweep = restored.get(_SWEEP)
        self.sweep = begin_sweep(self._settings, self._access(), self._search, sweep, self._say)
        return arguments if self.sweep is None else self.sweep.with_sweep(arguments)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {}
        if self.sweep is not None:
            state[_SWEEP] = self.sweep.state()
        if self.run is not None:
            run_id = self.run.plan.arguments["id"]
            state[_RUN] = {"run_id": run_id, "started": self.run.started}
        return state

    def follow(self, trials: Sequence["Trial"], trial_id: str, first: InitPlan) -> None:
        if not self._settings.search_run or first.mode == "disabled":
            return
        if self.run is None:
            self.run = self._new_run(trial_id, first)
            self._open_run(self.run)
        self._log(self.run, self.run.update(trials))

    def conclude(
        self, trials: Sequence["Trial"], entries: Sequence[TrialEntry], experiment: str | None
    ) -> None:
        self._entries = entries
        if self._view is not None and self._where is not None:
            self._save_beside(self._save_important)
        if self.run is not None:
            row, ending = self.run.conclude(trials, entries, experiment)
            self._log(self.run, row)
            self._send(self.run, ending)

    def _log(self, run: SearchRun, row: Row | None) -> None:
        if row is not None:
            self._send(run, lambda: row)

    def poll(self) -> None:
        if self.sweep is not None:
            self.sweep.pass_on()

    def publish(self, project_url: str, group: str | None, group_url: str | None) -> None:
        self.are_due = False
        page = self.sweep.url if self.sweep is not None else group_url
        self._say(f"this search in W&B: {page}")
        if self._settings.view and group is not None:
            self._where = (project_url, group)
            self._save_beside(self.save_view)

    def save_view(self, project_url: str, group: str) -> str:
        """Return the view's address; raises ViewError."""
        key = self._access().key
        if key is None:
            raise ViewError("there is no API key")
        content = self._content(project_url, group)
        self._view = save_view(server_of(self._settings), key, content, self._view)
        self._important = content.important
        return self._view.url

    @property
    def view_url(self) -> str | None:
        return self._view.url if self._view is not None else None

    def wait(self) -> None:
        """Wait for the view, which at the end shows the most important parameter first."""
        if self._saving is None:
            return
        self._saving.join(_SAVED_WITHIN)
        if self._view is not None and self._important is None and not self._is_last:
            # It was saved for the first time while the search ended.
            self._save_beside(self._save_important)
            self._saving.join(_SAVED_WITHIN)

    def end(self) -> None:
        if self.sweep is not None:
            self.sweep.end()

    def _save_beside(self, save: Callable[[str, str], object]) -> None:
        self._saving = threading.Thread(
            target=self._save_quietly, args=(save,), name="tune-wandb-view", daemon=True
        )
        self._saving.start()

    def _save_important(self, project_url: str, group: str) -> None:
        self._is_last = True
        if self._most_important() is not None:
            self.save_view(project_url, group)

    def _most_important(self) -> str | None:
        metric, _ = self._objective()
        rated = [
            (entry.params, entry.metrics[metric])
            for entry in self._entries
            if metric is not None and metric in entry.metrics
        ]
        params = varied_params(self._search.param_space) if self._search is not None else {}
        return most_important(rated, list(params))

    def _save_quietly(self, save: Callable[[str, str], object]) -> None:
        assert self._where is not None
        try:
            save(*self._where)
        except Exception as error:
            reason = error if isinstance(error, ViewError) else type(error).__name__
            self._say(f"no W&B view of this search: {reason}.")

    def _new_run(self, trial_id: str, first: InitPlan) -> SearchRun:
        metric, mode = self._objective()
        name = self._search.name if self._search is not None else ""
        plan = plan_of_search_run(first, trial_id, name or str(first.arguments["group"]))
        restored = self._restored.get(_RUN) or {}
        if restored:
            plan = replace(plan, arguments={**plan.arguments, "id": restored["run_id"]})
        given = self._settings.search_run
        return SearchRun(
            plan,
            metric,
            mode,
            say=self._say,
            on_offline=self._on_offline,
            write_report=None if isinstance(given, bool) else given,
            started=restored.get("started"),
        )

    def _objective(self) -> tuple[str | None, str]:
        if self._search is not None and self._search.metric is not None:
            return self._search.metric, self._search.mode
        return self._settings.first_best or (None, "min")

    def _content(self, project_url: str, group: str) -> ViewContent:
        search, settings = self._search, self._settings
        metric, mode = self._objective()
        if metric is None:
            raise ViewError(
                "no metric is optimized; give TuneConfig(metric=..., mode=...) or best={...}"
            )
        entity, project = map(unquote, project_url.split("/")[-2:])
        return ViewContent(
            name=group,
            entity=entity,
            project=project,
            group=group,
            metric=metric,
            mode=mode,
            params=varied_params(search.param_space) if search is not None else {},
            has_best=metric in settings.best,
            has_schedule=settings.log_config or (search is not None and search.changes_config),
            important=self._most_important(),
            has_search_run=bool(settings.search_run),
        )
