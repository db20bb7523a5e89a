"""The driver's side of the broker: what this process knows, told once, before trials ask."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.auth.access import NO_KEY, KnownKey
from tune_wandb_nb.tracking.auth.credentials import find_credential, kept_hosts, server_of
from tune_wandb_nb.tracking.auth.exposed_key import warn_of_exposed_key
from tune_wandb_nb.tracking.auth.server_check import Gate
from tune_wandb_nb.tracking.broker.actor import Request, start_broker
from tune_wandb_nb.tracking.notices import Notices
from tune_wandb_nb.tracking.settings.api_key import ApiKey
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.ray_hooks import populate_run_location
from tune_wandb_nb.tracking.settings.settings import WandbSettings, check_project

__all__ = ["Desk", "desk"]

_SECRET = frozenset({"WANDB_API_KEY", "WANDB_SERVICE", "WANDB_IDENTITY_TOKEN_FILE"})
_PATIENCE = 3.0


class Desk:
    """Finds keys on the driver and tells them to the broker; one a process.

    The handle that it holds is what keeps the broker alive.
    """

    def __init__(self) -> None:
        self._job: str | None = None
        self._broker: Any = None
        self._gates: dict[tuple[str, ApiKey], str | None] = {}
        self._keys: dict[Request, KnownKey] = {}
        self._common: dict[str, Any] = {}
        self._logger: Mapping[str, Any] | None = None
        self._notices = Notices()

    def __reduce__(self) -> str:
        # What refers to it refers to the other process's own: nothing in here is ever pickled.
        return "desk"

    @property
    def broker(self) -> Any:
        """The broker, if this process has started it in this job."""
        return self._broker if self._job == _job() else None

    def attach(self, arguments: Mapping[str, Any], notices: Notices) -> None:
        """Let decorated trials know of the search's logger; returns when they can."""
        import ray

        self._logger, self._notices = dict(arguments), notices
        ready = self._serve(WandbSettings.resolve(arguments, None, os.environ), checked=False)
        if ready is not None:
            # Classes open their runs before Tune tells the logger that they have started.
            ray.get(ready)

    def tell_again(self) -> None:
        """Tell a broker that was started again what the one before it knew."""
        if (broker := self.broker) is not None:
            keys = [(request.pack(), key.pack()) for request, key in list(self._keys.items())]
            broker.tell_all.remote(keys, self._common)

    def detach(self) -> None:
        """Forget the logger: its search is over."""
        self._logger = None
        self._notices = Notices()
        # The next search may have none, and nothing on the driver that would tell its trials.
        with contextlib.suppress(Exception):
            self.offer()

    def offer(self, config: Mapping[str, Any] | None = None) -> None:
        """Check one trial's config, and have the key ready that the trial will ask for.

        Without a config: what a trial would ask for that names no server and no file.

        Raises:
            SettingsError: the trial's settings cannot be used.
        """
        entry = entry_of(config) if config is not None else None
        settings = WandbSettings.resolve(self._logger or {}, entry, os.environ)
        if settings.project is None:
            populate_run_location(os.environ)
            settings = WandbSettings.resolve(self._logger or {}, entry, os.environ)
        if config is not None:
            warn_of_exposed_key(config)
            check_init_arguments(settings.init)
            check_project(settings)
        self._serve(settings, checked=config is not None)
        if config is None:
            for host in kept_hosts():
                self._serve(replace(settings, host=host or settings.host), checked=False)
        self._notices.flush()

    def offer_when_ray_is_up(self) -> None:
        """Offer what is known without a config as soon as Ray is there, now or later."""
        import ray

        if ray.is_initialized():
            with contextlib.suppress(Exception):
                self.offer()
            return
        # Tune itself waits for Ray in this way, for tune.with_parameters.
        hooks = getattr(ray._private.worker, "_post_init_hooks", None)  # noqa: SLF001
        if hooks is not None and self.offer_when_ray_is_up not in hooks:
            hooks.append(self.offer_when_ray_is_up)

    def _serve(self, settings: WandbSettings, *, checked: bool) -> Any:
        import ray

        if not ray.is_initialized() or _is_inside_actor():
            return None
        if self._job != _job():
            self._broker, self._job = start_broker(), _job()
            self._keys, self._common = {}, {}
        request = Request(settings.host, settings.api_key_file)
        known = self._keys.get(request)
        key = known if known and known.checked > checked else self._key_for(settings, checked)
        logger = self._logger and {**self._logger, "api_key": None}
        common = {"logger": logger, "environ": _environment(), "folder": str(Path.cwd())}
        if key == known and common == self._common:
            return None
        self._keys[request], self._common = key, common
        return self._broker.tell.remote(request.pack(), key.pack(), common)

    def _key_for(self, settings: WandbSettings, checked: bool) -> KnownKey:
        """Find the key; ``checked``: ask the server whether it takes it, and say what is wrong."""
        if settings.mode in ("offline", "disabled"):
            return KnownKey()
        host = server_of(settings)
        credential = find_credential(settings, host, os.environ)
        if credential is None:
            if checked and not os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
                self._notices.say(NO_KEY)
            return KnownKey(checked=checked)
        if not checked:
            return KnownKey(credential.key)
        asked = (host, credential.key)
        if asked not in self._gates:
            self._gates[asked] = Gate(*asked, patience=_PATIENCE).refusal()
        if (refusal := self._gates[asked]) is not None:
            self._notices.say(f"W&B cannot be used, so runs go on offline: {refusal}.")
        return KnownKey(credential.key, refusal, checked=True)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("WANDB_") and name not in _SECRET
    }


def _is_inside_actor() -> bool:
    """Tell whether this process is itself a trial, which must not start anything."""
    import ray

    return ray.get_runtime_context().get_actor_id() is not None


def _job() -> str | None:
    import ray

    if not ray.is_initialized():
        return None
    # The first job of every cluster has the same number; a node has its own.
    context = ray.get_runtime_context()
    return f"{context.get_job_id()} on {context.get_node_id()}"


desk = Desk()
"""The driver's desk."""
