import os
from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tune_wandb_nb.tracking.auth.access import decide_access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.auth.graphql import AccountError, look_up_account
from tune_wandb_nb.tracking.history.server_run import (
    LOOK_EVERY,
    OVER,
    SETTLES_WITHIN,
    KnownRun,
    logged_iterations,
    look_up_run,
)
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tracking.waiting import wait_until

__all__ = ["Destination", "find_destination"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A server and a key that the server accepts."""

    host: str
    key: ApiKey
    default_entity: str
    """The entity of runs that name none: the default entity of the key."""
    entity: str | None = None
    """Replaces the entity of every run; None keeps it."""
    project: str | None = None
    """Replaces the project of every run; None keeps it."""

    def look_up(self, run_id: str, *, entity: str | None, project: str | None) -> KnownRun:
        """Ask the server what it has of a run, whose own entity and project may be None.

        The last rows of a run that has not ended may still be on their way to the server. The
        request is therefore repeated until two answers are equal.
        """
        owner, project = self._owner(entity, project)
        answers: list[KnownRun] = []

        def is_settled() -> bool:
            answers.append(look_up_run(self.host, self.key, owner, project, run_id))
            return answers[-1].state in (None, *OVER) or answers[-1] in answers[-2:-1]

        wait_until(is_settled, SETTLES_WITHIN, every=LOOK_EVERY)
        return answers[-1]

    def iterations_of(
        self, known: KnownRun, run_id: str, *, entity: str | None, project: str | None
    ) -> Container[int]:
        """Ask the server for the iterations of a run's rows; ``known`` is from `look_up`."""
        owner, project = self._owner(entity, project)
        return logged_iterations(self.host, self.key, owner, project, run_id, known=known)

    def has(
        self, step: int | None, run_id: str, *, entity: str | None, project: str | None
    ) -> bool:
        """Wait until the server has a run's row of a step; return False if that takes too long."""
        if step is None:
            return True
        owner = self._owner(entity, project)

        def has_step() -> bool:
            with suppress(AccountError):
                last_step = look_up_run(self.host, self.key, *owner, run_id).last_step
                return last_step is not None and last_step >= step
            return False

        return wait_until(has_step, SETTLES_WITHIN, every=LOOK_EVERY)

    def _owner(self, entity: str | None, project: str | None) -> tuple[str, str]:
        return self.entity or entity or self.default_entity, self.project or project or ""


def find_destination(
    arguments: Mapping[str, Any], entity: str | None = None
) -> tuple[Destination, WandbSettings]:
    settings = WandbSettings.resolve(arguments, None, os.environ)
    host = server_of(settings)
    # WANDB_MODE is ignored: an upload is always online.
    key = decide_access(replace(settings, mode="online")).key
    if key is None:
        raise SettingsError(
            f"to upload runs to {host} takes a W&B API key, and none was found; call"
            " tune_wandb_nb.login(), pass api_key_file=, or set WANDB_API_KEY."
        )
    account = look_up_account(host, key)
    project = arguments.get("project")
    return Destination(host, key, account.entity, entity, project), settings
