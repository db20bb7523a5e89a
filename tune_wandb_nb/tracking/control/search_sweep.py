"""A sweep on a W&B server.

``wandb.sweep`` leaves ``WANDB_PROJECT`` and ``WANDB_ENTITY`` in the environment, takes the key of
wandb's own session, and prints; nothing public of wandb ends a sweep.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.compat.graphql import SWEEP_STATE, UPSERT_SWEEP, state_of_sweep, sweep_of
from tune_wandb_nb.compat.ray_search import TuneSearch
from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.auth.graphql import AccountError, project_page, query_server
from tune_wandb_nb.tracking.control.search_space import sweep_config
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import WandbSettings, settings_argument

__all__ = ["SearchSweep", "begin_sweep"]

_RUNNING, _FINISHED = "RUNNING", "FINISHED"
_ASKED_EVERY = 15.0
"""Seconds, as often as wandb asks whether a run is to stop."""
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class _Sweep:
    sweep_id: str
    """Its name in addresses, and in ``wandb.Settings(sweep_id=...)``."""
    object_id: str
    entity: str
    project: str


class SearchSweep:
    """A sweep, asked for its state in a thread; `pass_on` acts on the answer in Tune's thread."""

    def __init__(
        self,
        host: str,
        key: ApiKey,
        sweep: _Sweep,
        search: TuneSearch | None,
        say: Callable[[str], None],
    ) -> None:
        page = project_page(host, sweep.entity, sweep.project)
        self.url = f"{page}/sweeps/{quote(sweep.sweep_id, safe='')}"
        self.is_cancelled = False
        self._host, self._key, self._sweep = host, key, sweep
        self._search = search
        self._say = say
        self._state = self._passed_on = _RUNNING
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="tune-wandb-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def with_sweep(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        settings = settings_argument(arguments.get("settings"))
        return {**arguments, "settings": {**settings, "sweep_id": self._sweep.sweep_id}}

    def state(self) -> dict[str, str]:
        return asdict(self._sweep)

    def pass_on(self) -> None:
        state = self._state
        if state == self._passed_on or self._search is None:
            return
        self._passed_on = state
        if state == "PAUSED":
            self._search.hold()
            self._say("the sweep was paused in W&B: no further trial starts until it is resumed.")
        elif state == "CANCELED":
            self.is_cancelled = True
            self._search.stop()
            self._say("the sweep was cancelled in W&B: the search ends.")
        elif state == _FINISHED:
            self._search.finish()
            self._say("the sweep was stopped in W&B: the search ends with the trials that run.")
        else:
            self._search.release()
            self._say("the sweep was resumed in W&B.")

    def end(self) -> None:
        if self._ended.is_set():
            return
        self._ended.set()
        if self._search is not None:
            self._search.release()
        if self._state not in ("CANCELED", _FINISHED):
            with suppress(AccountError):
                self.set_state(_FINISHED)

    def set_state(self, state: str) -> None:
        variables = {
            "id": self._sweep.object_id,
            "state": state,
            "entityName": self._sweep.entity,
            "projectName": self._sweep.project,
        }
        query_server(self._host, self._key, UPSERT_SWEEP, variables, timeout=_TIMEOUT)

    def _ask(self) -> None:
        sweep = self._sweep
        where = {"entity": sweep.entity, "project": sweep.project, "sweep": sweep.sweep_id}
        while not self._ended.wait(_ASKED_EVERY):
            with suppress(AccountError):
                answer = query_server(self._host, self._key, SWEEP_STATE, where, timeout=_TIMEOUT)
                self._state = state_of_sweep(answer) or self._state


def begin_sweep(
    settings: WandbSettings,
    access: Access,
    search: TuneSearch | None,
    restored: Mapping[str, str] | None,
    say: Callable[[str], None],
) -> SearchSweep | None:
    """Register a search's sweep, or go on with ``restored``; say what is in the way."""
    try:
        key, host = _key(settings, access), server_of(settings)
        if restored is None:
            sweep = _register(host, key, _config(settings, search, say), settings)
            found = SearchSweep(host, key, sweep, search, say)
        else:
            found = SearchSweep(host, key, _Sweep(**restored), search, say)
            found.set_state(_RUNNING)
    except AccountError as error:
        say(f"no W&B sweep for this search: {error.reason}.")
        return None
    found.start()
    return found


def _key(settings: WandbSettings, access: Access) -> ApiKey:
    if access.mode != "online":
        raise AccountError(f"it is tracked {access.mode}")
    if access.key is None:
        raise AccountError("there is no API key")
    if settings.project is None:
        raise AccountError("WandbLogger was given no project")
    if access.check is not None and (refusal := access.check.refusal()) is not None:
        raise AccountError(refusal)
    return access.key


def _config(
    settings: WandbSettings, search: TuneSearch | None, say: Callable[[str], None]
) -> dict[str, Any]:
    config: Mapping[str, Any] | None = None
    if isinstance(settings.sweep, Mapping):
        config = settings.sweep
    elif search is not None:
        config = sweep_config(search.param_space, search.metric, search.mode, say=say)
    if config is None:
        raise AccountError("the search space holds nothing that a sweep can express")
    name = settings.group or (search.name if search is not None else "")
    return {**({"name": name} if name else {}), **config}


def _register(host: str, key: ApiKey, config: Mapping[str, Any], settings: WandbSettings) -> _Sweep:
    import yaml

    entity, project = settings.init.get("entity"), str(settings.project)
    variables = {
        # The server chooses no runs.
        "config": yaml.safe_dump({**config, "controller": {"type": "local"}}, sort_keys=False),
        "displayName": config.get("name"),
        "entityName": entity,
        "projectName": project,
        "state": _RUNNING,
    }
    found = sweep_of(query_server(host, key, UPSERT_SWEEP, variables))
    if found is None:
        raise AccountError(f"{host} makes no sweep.", reason=f"{host} makes no sweep")
    names = found["entity"] or entity or "", found["project"] or project
    return _Sweep(found["name"], found["id"], *names)
