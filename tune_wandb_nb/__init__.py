"""Ray Tune searches tracked in Weights & Biases, from a notebook."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tune_wandb_nb import legacy
    from tune_wandb_nb.search_space.space.space import SearchSpace
    from tune_wandb_nb.tracking.broker.login import login, logout
    from tune_wandb_nb.tracking.driver.logger import WandbLogger, WandbLoggerCallback
    from tune_wandb_nb.tracking.legacy.run import DEFAULT_LOGGERS, run
    from tune_wandb_nb.tracking.settings.settings import SettingsError
    from tune_wandb_nb.tracking.upload.report import report
    from tune_wandb_nb.tracking.upload.sync_runs import sync_runs
    from tune_wandb_nb.tracking.upload.upload_experiment import upload_experiment
    from tune_wandb_nb.tracking.worker.mixin import WandbTrainableMixin, wandb_mixin
    from tune_wandb_nb.tracking.worker.setup_wandb import setup_wandb
    from tune_wandb_nb.tuning.plan.plan import StopAt
    from tune_wandb_nb.widgets.dashboard.dashboard import Dashboard, compare
    from tune_wandb_nb.widgets.dashboard.lasting import write_report
    from tune_wandb_nb.widgets.doctor.doctor import doctor
    from tune_wandb_nb.widgets.experiment import Experiment
    from tune_wandb_nb.widgets.panel.form_access import SetupError
    from tune_wandb_nb.widgets.panel.setup_panel import SetupPanel

__all__ = [
    "DEFAULT_LOGGERS",
    "Dashboard",
    "Experiment",
    "SearchSpace",
    "SettingsError",
    "SetupError",
    "SetupPanel",
    "StopAt",
    "WandbLogger",
    "WandbLoggerCallback",
    "WandbTrainableMixin",
    "__version__",
    "compare",
    "doctor",
    "legacy",
    "login",
    "logout",
    "report",
    "run",
    "setup_wandb",
    "sync_runs",
    "upload_experiment",
    "wandb_mixin",
    "write_report",
]

_HOME = {
    "DEFAULT_LOGGERS": "tracking.legacy.run",
    "Dashboard": "widgets.dashboard.dashboard",
    "Experiment": "widgets.experiment",
    "SearchSpace": "search_space.space.space",
    "SettingsError": "tracking.settings.settings",
    "SetupError": "widgets.panel.form_access",
    "SetupPanel": "widgets.panel.setup_panel",
    "StopAt": "tuning.plan.plan",
    "WandbLogger": "tracking.driver.logger",
    "WandbLoggerCallback": "tracking.driver.logger",
    "WandbTrainableMixin": "tracking.worker.trainable",
    "compare": "widgets.dashboard.dashboard",
    "doctor": "widgets.doctor.doctor",
    "legacy": "legacy",
    "login": "tracking.broker.login",
    "logout": "tracking.broker.login",
    "report": "tracking.upload.report",
    "run": "tracking.legacy.run",
    "setup_wandb": "tracking.worker.setup_wandb",
    "sync_runs": "tracking.upload.sync_runs",
    "upload_experiment": "tracking.upload.upload_experiment",
    "wandb_mixin": "tracking.worker.mixin",
    "write_report": "widgets.dashboard.lasting",
    # Not public, but Tune pickles them into each experiment's tuner.pkl, which the next version of
    # this package must be able to load: under these names, wherever their modules are by then.
    "BoardCallback": "tuning.board.callback",
    "HtmlReporter": "tuning.search.html_reporter",
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
