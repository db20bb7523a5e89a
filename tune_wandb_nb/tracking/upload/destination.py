"""Where runs are uploaded to, and what is there already."""

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
    """A server and a key that it takes.

    Example:
        >>> Destination("https://api.wandb.ai", ApiKey("0123456789" * 4), "me").key
        ApiKey(***)
    """

    host: str
    key: ApiKey
    default_entity: str
    """Whose runs they are where none is named."""
    entity: str | None = None
    """Put in the place of every run's own; None leaves it."""
    project: str | None = None
    """As ``entity``."""

    def look_up(self, run_id: str, *, entity: str | None, project: str | None) -> KnownRun:
        """Ask what is there of a run, which has an entity and a project of its own or not.

        Of a run that has not ended there, rows that its process sent last may still be on their
        way: it is asked for until two answers are the same.

        Raises:
            AccountError: the server cannot be asked.
        """
        owner, project = self._place(entity, project)
        answers: list[KnownRun] = []

        def is_settled() -> bool:
            answers.append(look_up_run(self.host, self.key, owner, project, run_id))
            return answers[-1].state in (None, *OVER) or answers[-1] in answers[-2:-1]

        wait_until(is_settled, SETTLES_WITHIN, every=LOOK_EVERY)
        return answers[-1]

    def iterations_of(
        self, known: KnownRun, run_id: str, *, entity: str | None, project: str | None
    ) -> Container[int]:
        """Ask of which training iterations a run that was looked up has rows.

        Raises:
            AccountError: the server cannot be asked.
        """
        owner, project = self._place(entity, project)
        return logged_iterations(self.host, self.key, owner, project, run_id, known=known)

    def has(
        self, step: int | None, run_id: str, *, entity: str | None, project: str | None
    ) -> bool:
        """Tell whether a run's row of a step is there, or soon is."""
        if step is None:
            return True
        place = self._place(entity, project)

        def has() -> bool:
            with suppress(AccountError):
                last_step = look_up_run(self.host, self.key, *place, run_id).last_step
                return last_step is not None and last_step >= step
            return False

        return wait_until(has, SETTLES_WITHIN, every=LOOK_EVERY)

    def _place(self, entity: str | None, project: str | None) -> tuple[str, str]:
        return self.entity or entity or self.default_entity, self.project or project or ""


def find_destination(
    given: Mapping[str, Any], entity: str | None = None
) -> tuple[Destination, WandbSettings]:
    """Find the server and the key, and ask the server whose it is.

    Args:
        given: Settings as `WandbLogger` takes them: ``host``, ``api_key``, ``project``, ...
        entity: The team or user to upload to.

    Raises:
        SettingsError: there is no key, or a setting cannot be used.
        AccountError: the server refuses the key or cannot be reached.
    """
    settings = WandbSettings.resolve(given, None, os.environ)
    host = server_of(settings)
    # Whatever the mode of the environment: what was recorded offline is to be online now.
    key = decide_access(replace(settings, mode="online")).key
    if key is None:
        raise SettingsError(
            f"to upload runs to {host} takes a W&B API key, and none was found; call"
            " tune_wandb_nb.login(), pass api_key_file=, or set WANDB_API_KEY."
        )
    account = look_up_account(host, key)
    project = given.get("project")
    return Destination(host, key, account.entity, entity, project), settings
