"""What wandb does not promise of runs: private settings, errors and hooks."""

import contextlib
import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.compat.wandb_names import is_data_type
from tune_wandb_nb.compat.wandb_output import silent_wandb

if TYPE_CHECKING:
    import wandb

__all__ = [
    "SAAS_NETRC_HOSTS",
    "default_base_url",
    "forget_run",
    "is_config_value",
    "is_in_use",
    "is_lost_connection",
    "never_started",
    "new_settings",
    "private_settings",
    "replace_log",
    "skip_list_of_active_runs",
    "skip_log_file",
    "skip_notebook_hook",
    "starting_step",
]

SAAS_NETRC_HOSTS: Mapping[str, str] = dict.fromkeys(
    ("forge.coreweave.com", "api.forge.coreweave.com"), "api.wandb.ai"
)
"""Newer names of W&B's cloud -> the name under which ``wandb login`` keeps its keys."""

_IN_USE = re.compile(r"run ID .+ is in use")
_LOST = frozenset({"MailboxClosedError", "WandbServiceConnectionError"})
_NEVER_STARTED = "ServicePollForTokenError"
_PRIVATE = {
    "machine_info": ("x_disable_machine_info", False),
    "stats": ("x_disable_stats", False),
    "requirements": ("x_save_requirements", True),
}
"""What a run records -> the setting for it, and its value where it is recorded."""
_LOG_LEVEL = "x_log_level"
_FLUSH_INTERVAL = "x_transaction_log_flush_interval"
_NAMES = frozenset({_LOG_LEVEL, _FLUSH_INTERVAL, *(name for name, _ in _PRIVATE.values())})
_LOCK = threading.Lock()


def default_base_url() -> str:
    """Starts no wandb-core, except where wandb has no such settings object."""
    from wandb.sdk import wandb_setup

    singleton = getattr(wandb_setup, "singleton", None)
    if singleton is None:
        import wandb

        return str(wandb.setup().settings.base_url)
    with silent_wandb():
        return str(singleton().settings.base_url)


# Settings


def private_settings(
    *, log_level: int | None = None, flush_interval: float | None = None, **recorded: bool
) -> dict[str, Any]:
    """The settings that decide what a run records of its process.

    ``log_level`` is for wandb's own log files (0.31 ignores it), ``flush_interval`` the seconds
    between two flushes of the run's file (wandb's default: 15).
    """
    settings: dict[str, Any] = {}
    for name, is_recorded in recorded.items():
        setting, value_if_recorded = _PRIVATE[name]
        settings[setting] = value_if_recorded is is_recorded
    more = {_LOG_LEVEL: log_level, _FLUSH_INTERVAL: flush_interval}
    return {**settings, **{name: value for name, value in more.items() if value is not None}}


def new_settings(settings: Mapping[str, Any]) -> "wandb.Settings":
    """A private setting that this wandb lacks is left out: the run then records more."""
    import wandb

    known = getattr(wandb.Settings, "model_fields", _NAMES)
    return wandb.Settings(
        **{name: value for name, value in settings.items() if name in known or name not in _NAMES}
    )


def is_config_value(value: Any) -> bool:
    """Without wandb's own conversion only what is JSON already counts."""
    from wandb import util

    if is_data_type(type(value)):
        # Media and histograms can be logged, but wandb raises where they are in a config.
        return False
    convert = getattr(util, "json_friendly_val", lambda value: value)
    try:
        json.dumps(convert(value)).encode()
    except Exception:
        return False
    return True


# Runs


def starting_step(run: Any) -> int:
    """Before its first row; W&B drops rows before it.

    Without this property a resumed run seems to be at 0, unless the server was asked.
    """
    step: int = getattr(run, "starting_step", 0)
    return step


def replace_log(run: Any, log: Callable[..., None]) -> None:
    """``wandb.init`` puts the method of its run into the module, too."""
    import wandb

    run.log = log
    if wandb.run is run:
        wandb.log = log


def forget_run(run_id: str) -> None:
    """Free the id of a run that could not be opened or closed.

    Where wandb has no such call, wandb says that the id is in use when it is used again.
    """
    import wandb

    with contextlib.suppress(Exception):
        wandb.setup().assert_service().inform_finish(run_id=run_id)


def skip_notebook_hook(is_unwanted: Callable[[], bool]) -> None:
    """Have a run that opens while ``is_unwanted()`` leave the notebook's displays alone.

    wandb has no setting for that, and sets its hook for every run where it lacks the method. Only
    the first call of a process has an effect, here and below.
    """
    from wandb.sdk import wandb_init

    _skip(getattr(wandb_init, "_WandbInit", None), "monkeypatch_ipython", is_unwanted)


def skip_list_of_active_runs(is_unwanted: Callable[[], bool]) -> None:
    """From that list ``wandb.init`` takes the run that it returns, or the runs that it finishes.

    Without the list, the user's own ``wandb.init`` may return or finish any run of the process.
    """
    from wandb.sdk import wandb_setup

    _skip(getattr(wandb_setup, "_WandbSetup", None), "add_active_run", is_unwanted)


def skip_log_file(is_unwanted: Callable[[], bool]) -> None:
    """Have a run that opens while ``is_unwanted()`` write no log of wandb's Python part.

    Every line that wandb logs in this process goes through the handlers of all open runs: with many
    runs that was a tenth of the CPU. wandb-core's own log file stays, and this one does where wandb
    has no such function.
    """
    with contextlib.suppress(ImportError):
        from wandb.sdk.lib import wb_logging

        _skip(wb_logging, "add_file_handler", is_unwanted, logging.NullHandler)


def _skip(
    owner: Any,
    name: str,
    is_unwanted: Callable[[], bool],
    instead: Callable[[], Any] = lambda: None,
) -> None:
    with _LOCK:
        original = getattr(owner, name, None)
        if original is None or hasattr(original, "is_ours"):
            return

        def unless_unwanted(*args: Any, **given: Any) -> Any:
            return instead() if is_unwanted() else original(*args, **given)

        unless_unwanted.is_ours = True  # type: ignore[attr-defined]
        setattr(owner, name, unless_unwanted)


# Errors: wandb raises them under private names, or with nothing but a text.


def is_lost_connection(error: Exception) -> bool:
    return isinstance(error, ConnectionError) or type(error).__name__ in _LOST


def never_started(error: Exception) -> bool:
    """The wandb-core was gone at once."""
    return type(error).__name__ == _NEVER_STARTED


def is_in_use(error: Exception) -> bool:
    return _IN_USE.search(str(error)) is not None
