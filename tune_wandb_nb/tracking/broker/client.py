import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tune_wandb_nb.compat.ray import when_ray_starts
from tune_wandb_nb.compat.wandb_core import SERVICE
from tune_wandb_nb.tracking.auth.access import NO_CHECKED_KEY, NO_KEY, CheckedKey, decide_access
from tune_wandb_nb.tracking.auth.credentials import kept_hosts
from tune_wandb_nb.tracking.auth.server_check import ServerCheck
from tune_wandb_nb.tracking.broker.handle import start_broker
from tune_wandb_nb.tracking.broker.messages import KeyRequest, Search
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.settings.config_entry import entry_of, warn_of_exposed_key
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location
from tune_wandb_nb.tracking.settings.settings import WandbSettings, check_project

__all__ = ["BrokerClient", "broker_client"]

_SECRET = frozenset({"WANDB_API_KEY", SERVICE, "WANDB_IDENTITY_TOKEN_FILE"})
_CHECK_TIMEOUT = 3.0
_ARRIVES_WITHIN = 3.0


@dataclass(slots=True)
class _AttachedSearch:
    arguments: Mapping[str, Any]
    notices: Notices
    thread: threading.Thread
    experiment: str | None = None

    def to_send(self) -> Search:
        return Search({**self.arguments, "api_key": None}, self.experiment)


class BrokerClient:
    """Looks up keys on the driver, and sends them to the broker before trials ask for them.

    Each process has one; its handle keeps the broker alive.
    """

    def __init__(self) -> None:
        self._job: str | None = None
        self._broker: Any = None
        self._refusals: dict[tuple[str, Any], str | None] = {}
        self._sent_keys: dict[KeyRequest, CheckedKey] = {}
        self._sent_common: dict[str, Any] = {}
        self._last_message: Any = None
        self._lock = threading.Lock()
        """Held while the broker is started or called: searches may start in several threads."""
        self._searches: dict[str, _AttachedSearch] = {}
        self._thread = threading.local()
        self._no_search = _AttachedSearch({}, Notices(), threading.main_thread())

    def __reduce__(self) -> str:
        # The other process uses its own client: nothing in here is ever pickled.
        return "broker_client"

    @property
    def broker(self) -> Any:
        return self._broker if self._job == _job() else None

    def attach(self, search_id: str, arguments: Mapping[str, Any], notices: Notices) -> None:
        """Called in Tune's thread."""
        import ray

        thread = threading.current_thread()
        for earlier, search in list(self._searches.items()):
            # Tune has left this search by an exception.
            if search.thread is thread or not search.thread.is_alive():
                self.detach(earlier)
        self._searches[search_id] = _AttachedSearch(dict(arguments), notices, thread)
        self._thread.search_id = search_id
        if not self._has_broker():
            return
        # Before the key, for which trials may wait already.
        attached = self._message("attach", search_id, self._searches[search_id].to_send())
        self._send(WandbSettings.resolve(arguments, None, os.environ), check=False)
        # Class trainables open their runs before Tune calls the logger's on_trial_start.
        ray.get(attached)

    def set_experiment(self, search_id: str, experiment: str) -> None:
        search = self._searches.get(search_id)
        if search is None or search.experiment == experiment:
            return
        search.experiment = experiment
        if self.broker is not None:
            self._message("attach", search_id, search.to_send())

    def send_again(self) -> None:
        """Called after Ray has started the broker again."""
        if self.broker is not None:
            keys = [(each, key.pack()) for each, key in list(self._sent_keys.items())]
            searches = {name: search.to_send() for name, search in list(self._searches.items())}
            self._message("restore", keys, self._sent_common, searches)

    def detach(self, search_id: str) -> None:
        self._searches.pop(search_id, None)
        if getattr(self._thread, "search_id", None) == search_id:
            self._thread.search_id = None
        sent = {each: key for each, key in self._sent_keys.items() if each.search_id != search_id}
        self._sent_keys = sent
        if self.broker is not None:
            self._message("detach", search_id)

    def offer(self, config: Mapping[str, Any] | None = None) -> None:
        """Check one trial's config, and send the broker its key.

        Without a config: the keys for trials whose configs name no server and no file.
        """
        entry = entry_of(config) if config is not None else None
        logger = self._search.arguments
        settings = WandbSettings.resolve(logger, entry, os.environ)
        if settings.project is None:
            populate_run_location(os.environ)
            settings = WandbSettings.resolve(logger, entry, os.environ)
        if config is None:
            self._send(settings, check=False)
            for host in kept_hosts():
                self._send(replace(settings, host=host or settings.host), check=False)
        else:
            warn_of_exposed_key(config)
            check_init_arguments(settings.init)
            check_project(settings)
            self._send(settings, check=True)
        self._search.notices.flush()

    def offer_when_ray_is_up(self) -> None:
        import ray

        if ray.is_initialized():
            with contextlib.suppress(Exception):
                self.offer()
            return
        when_ray_starts(self.offer_when_ray_is_up)

    @property
    def _search_id(self) -> str | None:
        search_id: str | None = getattr(self._thread, "search_id", None)
        return search_id if search_id in self._searches else None

    @property
    def _search(self) -> "_AttachedSearch":
        """Tune's in this thread; an empty one where it has no logger."""
        return self._searches.get(self._search_id or "") or self._no_search

    def _send(self, settings: WandbSettings, *, check: bool) -> None:
        if not self._has_broker():
            return
        request = KeyRequest(settings.host, settings.api_key_file, self._search_id)
        sent = self._sent_keys.get(request)
        key = sent if sent and sent.is_checked > check else self._look_up_key(settings, check)
        common = {"environ": _environment(), "folder": str(Path.cwd())}
        if key != sent or common != self._sent_common:
            self._sent_keys[request], self._sent_common = key, common
            self._message("update", request, key.pack(), common)

    def _has_broker(self) -> bool:
        import ray

        if not ray.is_initialized() or _is_inside_actor():
            return False
        with self._lock:
            # The broker ends with the handle of the call that started it.
            if self._job != _job():
                self._broker, self._job = start_broker(), _job()
                self._sent_keys, self._sent_common, self._last_message = {}, {}, None
        return True

    def _message(self, method: str, *arguments: Any) -> Any:
        import ray

        # Ray may reorder the calls of an async actor.
        with self._lock:
            if self._last_message is not None:
                ray.wait([self._last_message], timeout=_ARRIVES_WITHIN)
            self._last_message = getattr(self._broker, method).remote(*arguments)
            return self._last_message

    def _look_up_key(self, settings: WandbSettings, check: bool) -> CheckedKey:
        """Find the key; with ``check`` ask the server whether it takes it."""
        access = decide_access(settings)
        if access.key is None or access.check is None:
            if check and access.lacks_key:
                self._search.notices.say(NO_KEY)
            is_off = settings.mode in ("offline", "disabled")
            return NO_CHECKED_KEY if is_off else CheckedKey(is_checked=check)
        if not check:
            return CheckedKey(access.key)
        asked = (access.check.host, access.key)
        if asked not in self._refusals:
            self._refusals[asked] = ServerCheck(*asked, timeout=_CHECK_TIMEOUT).refusal()
        if (refusal := self._refusals[asked]) is not None:
            self._search.notices.say(f"W&B cannot be used, so runs go on offline: {refusal}.")
        return CheckedKey(access.key, refusal, is_checked=True)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("WANDB_") and name not in _SECRET
    }


def _is_inside_actor() -> bool:
    import ray

    return ray.get_runtime_context().get_actor_id() is not None


def _job() -> str | None:
    import ray

    if not ray.is_initialized():
        return None
    # The first job of every cluster has the same number.
    context = ray.get_runtime_context()
    return f"{context.get_job_id()} on {context.get_node_id()}"


broker_client = BrokerClient()
