import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tune_wandb_nb.tracking.auth.access import decide_access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.auth.graphql import look_up_account
from tune_wandb_nb.tracking.history.server_run import ServerRun
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

__all__ = ["ROWS_MISSING", "Destination", "find_destination"]

ROWS_MISSING = "W&B has not taken all of its rows"


@dataclass(frozen=True, slots=True)
class Destination:
    host: str
    key: ApiKey
    default_entity: str
    """The key's own, for runs that name none."""
    entity: str | None = None
    project: str | None = None

    def run(self, run_id: str, *, entity: str | None, project: str | None) -> ServerRun:
        owner = self.entity or entity or self.default_entity
        return ServerRun(self.host, self.key, owner, self.project or project or "", run_id)


def find_destination(
    arguments: Mapping[str, Any], entity: str | None = None
) -> tuple[Destination, WandbSettings]:
    settings = WandbSettings.resolve(arguments, None, os.environ)
    host = server_of(settings)
    # Whatever WANDB_MODE is.
    key = decide_access(replace(settings, mode="online")).key
    if key is None:
        raise SettingsError(
            f"to upload runs to {host} takes a W&B API key, and none was found; call"
            " tune_wandb_nb.login(), pass api_key_file=, or set WANDB_API_KEY."
        )
    account = look_up_account(host, key)
    project = arguments.get("project")
    return Destination(host, key, account.entity, entity, project), settings
