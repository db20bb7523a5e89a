"""Plans of runs for the tests of this room."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.wire import WireServer
from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.runs.init_plan import InitPlan, TrialNames, make_init_plan
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import WandbSettings

__all__ = ["offline_plan", "online_plan"]


def offline_plan(folder: Path, run_id: str = "ab_00000", **given: Any) -> InitPlan:
    """Plan an offline run of one trial; fields of `InitPlan` and settings may be given."""
    return _plan(folder, run_id, Access("offline"), {}, given)


def online_plan(
    folder: Path, server: WireServer, run_id: str = "ab_00000", *, timeout: float = 1, **given: Any
) -> InitPlan:
    """Plan an online run, whose server is asked for ``timeout`` seconds before the run opens."""
    key = ApiKey(server.api_key)
    check = ServerCheck(server.url, key, timeout=timeout)
    return _plan(folder, run_id, Access("online", key, check), {"host": server.url}, given)


def _plan(
    folder: Path, run_id: str, access: Access, server: dict[str, Any], given: dict[str, Any]
) -> InitPlan:
    fields = {name: given.pop(name) for name in set(given) & set(InitPlan.__slots__) - {"settings"}}
    plan = make_init_plan(
        WandbSettings.resolve({"project": "p", **server, **given}),
        access,
        TrialNames(run_id, f"train_{run_id}", "experiment"),
        folder=str(folder),
        config={"lr": 0.1},
    )
    return replace(plan, **fields)
