"""Ray Tune searches tracked in Weights & Biases, from a notebook."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tune_wandb_nb import legacy
    from tune_wandb_nb.tracking.credentials import login, logout
    from tune_wandb_nb.tracking.experiment_upload import upload_experiment
    from tune_wandb_nb.tracking.legacy import DEFAULT_LOGGERS, run
    from tune_wandb_nb.tracking.logger import WandbLogger, WandbLoggerCallback
    from tune_wandb_nb.tracking.mixin import WandbTrainableMixin, wandb_mixin
    from tune_wandb_nb.tracking.settings import SettingsError
    from tune_wandb_nb.tracking.setup_run import setup_wandb
    from tune_wandb_nb.tracking.sync import sync_runs
    from tune_wandb_nb.tuning.space import SearchSpace
    from tune_wandb_nb.widgets.dashboard import Dashboard
    from tune_wandb_nb.widgets.doctor import doctor
    from tune_wandb_nb.widgets.experiment import Experiment
    from tune_wandb_nb.widgets.form_face import SetupError
    from tune_wandb_nb.widgets.setup_panel import SetupPanel

__all__ = [
    "DEFAULT_LOGGERS",
    "Dashboard",
    "Experiment",
    "SearchSpace",
    "SettingsError",
    "SetupError",
    "SetupPanel",
    "WandbLogger",
    "WandbLoggerCallback",
    "WandbTrainableMixin",
    "__version__",
    "doctor",
    "legacy",
    "login",
    "logout",
    "run",
    "setup_wandb",
    "sync_runs",
    "upload_experiment",
    "wandb_mixin",
]

_HOME = {
    "DEFAULT_LOGGERS": "tracking.legacy",
    "Dashboard": "widgets.dashboard",
    "Experiment": "widgets.experiment",
    "SearchSpace": "tuning.space",
    "SettingsError": "tracking.settings",
    "SetupError": "widgets.form_face",
    "SetupPanel": "widgets.setup_panel",
    "WandbLogger": "tracking.logger",
    "WandbLoggerCallback": "tracking.logger",
    "WandbTrainableMixin": "tracking.trainable",
    "doctor": "widgets.doctor",
    "legacy": "legacy",
    "login": "tracking.credentials",
    "logout": "tracking.credentials",
    "run": "tracking.legacy",
    "setup_wandb": "tracking.setup_run",
    "sync_runs": "tracking.sync",
    "upload_experiment": "tracking.experiment_upload",
    "wandb_mixin": "tracking.mixin",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562): ray and wandb take seconds to import."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    value = module if name == "legacy" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
