"""A sweep on a W&B server.

``wandb.sweep`` leaves ``WANDB_PROJECT`` and ``WANDB_ENTITY`` in the environment, takes the key of
wandb's own session, and prints; nothing public of wandb ends a sweep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.compat.graphql import SWEEP_STATE, UPSERT_SWEEP, state_of_sweep, sweep_of
from tune_wandb_nb.tracking.auth.graphql import AccountError, project_page, query_server
from tune_wandb_nb.tracking.settings.api_key import ApiKey

__all__ = ["FINISHED", "RUNNING", "Sweep", "register_sweep", "set_sweep_state", "sweep_state"]

RUNNING, FINISHED = "RUNNING", "FINISHED"


@dataclass(frozen=True, slots=True)
class Sweep:
    sweep_id: str
    """Its name in addresses, and in ``wandb.Settings(sweep_id=...)``."""
    object_id: str
    entity: str
    project: str

    def url(self, host: str) -> str:
        page = project_page(host, self.entity, self.project)
        return f"{page}/sweeps/{quote(self.sweep_id, safe='')}"


def register_sweep(
    host: str, key: ApiKey, config: Mapping[str, Any], *, entity: str | None, project: str
) -> Sweep:
    import yaml

    # The server chooses no runs.
    text = yaml.safe_dump({**config, "controller": {"type": "local"}}, sort_keys=False)
    variables = {
        "config": text,
        "displayName": config.get("name"),
        "entityName": entity,
        "projectName": project,
        "state": RUNNING,
    }
    found = sweep_of(query_server(host, key, UPSERT_SWEEP, variables))
    if found is None:
        raise AccountError(f"{host} makes no sweep.", reason=f"{host} makes no sweep")
    return Sweep(
        found["name"], found["id"], found["entity"] or entity or "", found["project"] or project
    )


def sweep_state(host: str, key: ApiKey, sweep: Sweep, *, timeout: float) -> str | None:
    """Return "RUNNING", "PAUSED", "FINISHED" or "CANCELED"; None where the server has none."""
    variables = {"entity": sweep.entity, "project": sweep.project, "sweep": sweep.sweep_id}
    return state_of_sweep(query_server(host, key, SWEEP_STATE, variables, timeout=timeout))


def set_sweep_state(host: str, key: ApiKey, sweep: Sweep, state: str, *, timeout: float) -> None:
    variables = {
        "id": sweep.object_id,
        "state": state,
        "entityName": sweep.entity,
        "projectName": sweep.project,
    }
    query_server(host, key, UPSERT_SWEEP, variables, timeout=timeout)
