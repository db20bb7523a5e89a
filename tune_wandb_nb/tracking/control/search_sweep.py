import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from tune_wandb_nb.compat.ray_search import TuneSearch
from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.credentials import server_of
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.control.search_space import sweep_config
from tune_wandb_nb.tracking.control.sweep import (
    FINISHED,
    RUNNING,
    Sweep,
    register_sweep,
    set_sweep_state,
    sweep_state,
)
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.settings import WandbSettings, settings_argument

__all__ = ["SearchSweep", "begin_sweep"]

_ASKED_EVERY = 15.0
"""Seconds, as often as wandb asks whether a run is to stop."""
_TIMEOUT = 5.0


class SearchSweep:
    """A sweep, asked for its state in a thread; `pass_on` acts on the answer in Tune's thread."""

    def __init__(
        self,
        host: str,
        key: ApiKey,
        sweep: Sweep,
        search: TuneSearch | None,
        say: Callable[[str], None],
    ) -> None:
        self.url = sweep.url(host)
        self.is_cancelled = False
        self._host, self._key, self._sweep = host, key, sweep
        self._search = search
        self._say = say
        self._state = self._passed_on = RUNNING
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
        elif state == FINISHED:
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
        if self._state in ("CANCELED", FINISHED):
            return
        with suppress(AccountError):
            set_sweep_state(self._host, self._key, self._sweep, FINISHED, timeout=_TIMEOUT)

    def _ask(self) -> None:
        while not self._ended.wait(_ASKED_EVERY):
            with suppress(AccountError):
                state = sweep_state(self._host, self._key, self._sweep, timeout=_TIMEOUT)
                self._state = state or self._state


def begin_sweep(
    settings: WandbSettings,
    access: Access,
    search: TuneSearch | None,
    restored: Mapping[str, str] | None,
    say: Callable[[str], None],
) -> SearchSweep | None:
    """Register a search's sweep, or go on with the one of a restored search.

    Whatever is in the way is said in one line, and the search goes on without a sweep.
    """
    try:
        key = _key(settings, access)
        host = server_of(settings)
        sweep = _sweep(host, key, settings, search=search, restored=restored, say=say)
    except AccountError as error:
        say(f"no W&B sweep for this search: {error.reason}.")
        return None
    found = SearchSweep(host, key, sweep, search, say)
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


def _sweep(
    host: str,
    key: ApiKey,
    settings: WandbSettings,
    *,
    search: TuneSearch | None,
    restored: Mapping[str, str] | None,
    say: Callable[[str], None],
) -> Sweep:
    if restored is not None:
        sweep = Sweep(**restored)
        set_sweep_state(host, key, sweep, RUNNING, timeout=_TIMEOUT)
        return sweep
    config: Mapping[str, Any] | None = None
    if isinstance(settings.sweep, Mapping):
        config = settings.sweep
    elif search is not None:
        config = sweep_config(search.param_space, search.metric, search.mode, say=say)
    if config is None:
        raise AccountError("the search space holds nothing that a sweep can express")
    if name := settings.group or (search.name if search is not None else ""):
        config = {"name": name, **config}
    entity = settings.init.get("entity")
    return register_sweep(host, key, config, entity=entity, project=str(settings.project))
