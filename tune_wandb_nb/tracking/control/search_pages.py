"""The pages of the search that runs: its sweep and its view, made while runs are opened."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tune_wandb_nb.compat.ray_search import TuneSearch
from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.control.search_space import varied_params
from tune_wandb_nb.tracking.control.search_sweep import SearchSweep, begin_sweep
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.views.search_view import ViewContent, ViewError, save_view

__all__ = ["SearchPages"]

_SAVED_WITHIN = 10.0
"""Seconds, at the end of the search."""


class SearchPages:
    """What W&B shows of one search beside its runs.

    Args:
        settings: The settings of the search.
        access: Returns how it goes online.
        search: Tune's loop; None where it cannot be reached.
        say: Called with what a person should know.
    """

    def __init__(
        self,
        settings: WandbSettings,
        access: Callable[[], Access],
        search: TuneSearch | None,
        say: Callable[[str], None],
    ) -> None:
        self.sweep: SearchSweep | None = None
        self.view_url: str | None = None
        self.are_due = True
        """Whether the first run is still to come online."""
        self._settings, self._access, self._search, self._say = settings, access, search, say
        self._saving: threading.Thread | None = None

    def begin(
        self, arguments: Mapping[str, Any], restored: Mapping[str, str] | None
    ) -> Mapping[str, Any]:
        """Register the sweep where one is asked for; returns the logger's arguments with it."""
        if not self._settings.sweep:
            return arguments
        self.sweep = begin_sweep(self._settings, self._access(), self._search, restored, self._say)
        return arguments if self.sweep is None else self.sweep.with_sweep(arguments)

    def poll(self) -> None:
        """Act on what was decided on the sweep's page, in Tune's thread."""
        if self.sweep is not None:
            self.sweep.pass_on()

    def publish(self, project_url: str, group: str | None, group_url: str | None) -> None:
        """Say where the search is, and save its view.

        Args:
            project_url: The project's page.
            group: The group of the runs; None where they have several.
            group_url: Its page.
        """
        self.are_due = False
        page = self.sweep.url if self.sweep is not None else group_url
        self._say(f"this search in W&B: {page}")
        if self._settings.view and group is not None:
            self._saving = threading.Thread(
                target=self._save_quietly,
                args=(project_url, group),
                name="tune-wandb-view",
                daemon=True,
            )
            self._saving.start()

    def save_view(self, project_url: str, group: str) -> str:
        """Save a view of the search, and return its address.

        Raises:
            ViewError: the view cannot be saved; the message says why.
        """
        key = self._access().key
        if key is None:
            raise ViewError("there is no API key")
        content = self._content(project_url, group)
        self.view_url = save_view(server_of(self._settings), key, content)
        return self.view_url

    def wait(self) -> None:
        """Wait for a view that is being saved."""
        if self._saving is not None:
            self._saving.join(_SAVED_WITHIN)

    def end(self) -> None:
        """End the sweep."""
        if self.sweep is not None:
            self.sweep.end()

    def _save_quietly(self, project_url: str, group: str) -> None:
        try:
            self.save_view(project_url, group)
        except ViewError as error:
            self._say(f"no W&B view of this search: {error}.")
        except Exception as error:
            # The search has nothing to do with it.
            self._say(f"no W&B view of this search: {type(error).__name__}.")

    def _content(self, project_url: str, group: str) -> ViewContent:
        search, settings = self._search, self._settings
        metric, mode = settings.first_best or (None, "min")
        if search is not None and search.metric is not None:
            metric, mode = search.metric, search.mode
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
            has_schedule=settings.log_config,
        )
