import contextlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from operator import not_
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.compat.wandb_names import is_data_type
from tune_wandb_nb.compat.wandb_output import silent_wandb

if TYPE_CHECKING:
    import wandb

__all__ = [
    "SAAS_NETRC_HOSTS",
    "assume_current_server",
    "default_base_url",
    "forget_run",
    "init_run",
    "is_config_value",
    "is_in_use",
    "is_lost_connection",
    "never_started",
    "new_settings",
    "private_settings",
    "replace_log",
    "send_no_telemetry",
    "skip_list_of_active_runs",
    "skip_log_file",
    "skip_notebook_hook",
    "starting_step",
]

SAAS_NETRC_HOSTS: Mapping[str, str] = dict.fromkeys(
    ("forge.coreweave.com", "api.forge.coreweave.com"), "api.wandb.ai"
)
"""Newer names of W&B's cloud -> that which ``wandb login`` writes."""

_IN_USE = re.compile(r"run ID .+ is in use")
_LOST = frozenset({"MailboxClosedError", "WandbServiceConnectionError"})
_NEVER_STARTED = "ServicePollForTokenError"
_PRIVATE: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "machine_info": ("x_disable_machine_info", not_),
    "stats": ("x_disable_stats", not_),
    "requirements": ("x_save_requirements", bool),
    "log_level": ("x_log_level", int),
    "flush_interval": ("x_transaction_log_flush_interval", float),
}
_NAMES = frozenset(name for name, _ in _PRIVATE.values())


def default_base_url() -> str:
    """Starts no wandb-core if it can."""
    from wandb.sdk import wandb_setup

    singleton = getattr(wandb_setup, "singleton", None)
    if singleton is None:
        import wandb

        return str(wandb.setup().settings.base_url)
    with silent_wandb():
        return str(singleton().settings.base_url)


# Settings


def private_settings(**given: float) -> dict[str, Any]:
    """What a run records; seconds between flushes of its file (by default 15); the level of logs.

    wandb 0.31 ignores the level.
    """
    return {_PRIVATE[name][0]: _PRIVATE[name][1](value) for name, value in given.items()}


def new_settings(settings: Mapping[str, Any]) -> "wandb.Settings":
    """Private settings that this wandb lacks are left out."""
    import wandb

    known = getattr(wandb.Settings, "model_fields", _NAMES)
    return wandb.Settings(
        **{name: value for name, value in settings.items() if name in known or name not in _NAMES}
    )


def is_config_value(value: Any) -> bool:
    from wandb import util

    if is_data_type(type(value)):
        # wandb raises where media and histograms are in a config.
        return False
    convert = getattr(util, "json_friendly_val", lambda value: value)
    try:
        json.dumps(convert(value)).encode()
    except Exception:
        return False
    return True


# Runs


def starting_step(run: Any) -> int:
    """W&B drops rows before it."""
    return int(getattr(run, "starting_step", 0))


def replace_log(run: Any, log: Callable[..., None]) -> None:
    """``wandb.init`` puts the method into the module, too."""
    import wandb

    run.log = log
    if wandb.run is run:
        wandb.log = log


def forget_run(run_id: str) -> None:
    """Free the id of a run that could not be opened or closed."""
    import wandb

    with contextlib.suppress(Exception):
        wandb.setup().assert_service().inform_finish(run_id=run_id)


def init_run(**arguments: Any) -> Any:
    """Call ``wandb.init``; a run that is offline asks no server for anything."""
    import wandb

    assume_current_server()
    run = wandb.init(**arguments)
    if run.offline:
        send_no_telemetry(run)
    return run


def assume_current_server() -> None:
    """Older wandb asks which media a server takes: that of the environment, and offline too."""
    from wandb import __version__, util

    if hasattr(util, "_get_max_cli_version"):
        util._get_max_cli_version = lambda: __version__


def send_no_telemetry(run: Any) -> None:
    """Or wandb measures its rows for W&B, in offline runs too."""
    with contextlib.suppress(ImportError, AttributeError):
        from wandb.analytics import TelemetryRecorder

        run._interface._telemetry_recorder = TelemetryRecorder()


def skip_notebook_hook(is_unwanted: Callable[[], bool]) -> None:
    """Leave the notebook's displays alone. Here and below only a process's first call counts."""
    from wandb.sdk import wandb_init

    _skip(getattr(wandb_init, "_WandbInit", None), "monkeypatch_ipython", is_unwanted)


def skip_list_of_active_runs(is_unwanted: Callable[[], bool]) -> None:
    """From that list the user's own ``wandb.init`` takes the runs that it returns or finishes."""
    from wandb.sdk import wandb_setup

    _skip(getattr(wandb_setup, "_WandbSetup", None), "add_active_run", is_unwanted)


def skip_log_file(is_unwanted: Callable[[], bool]) -> None:
    """Every line that wandb logs goes through the handlers of all open runs: a tenth of the CPU."""
    with contextlib.suppress(ImportError):
        from wandb.sdk.lib import wb_logging

        _skip(wb_logging, "add_file_handler", is_unwanted, logging.NullHandler)


def _skip(
    owner: Any, name: str, is_unwanted: Callable[[], bool], instead: Any = lambda: None
) -> None:
    original = getattr(owner, name, None)
    if original is None or hasattr(original, "original"):
        return

    def unless_unwanted(*args: Any, **given: Any) -> Any:
        return instead() if is_unwanted() else original(*args, **given)

    unless_unwanted.original = original  # type: ignore[attr-defined]
    setattr(owner, name, unless_unwanted)


# Errors


def is_lost_connection(error: Exception) -> bool:
    return isinstance(error, ConnectionError) or type(error).__name__ in _LOST


def never_started(error: Exception) -> bool:
    """Whether wandb-core was gone at once."""
    return type(error).__name__ == _NEVER_STARTED


def is_in_use(error: Exception) -> bool:
    return _IN_USE.search(str(error)) is not None
