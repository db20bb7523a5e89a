"""`run`: starts a search as in Ray 1.x, with ``loggers=``, on current versions of Ray."""

from collections.abc import Iterable, Mapping
from typing import Any

from ray import tune
from ray.tune.callback import Callback
from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback, TBXLoggerCallback

from tune_wandb_nb.tracking.auth.credentials import read_key_file, use_key
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.config_entry import entry_of, without_key
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

__all__ = ["DEFAULT_LOGGERS", "run"]

DEFAULT_LOGGERS: tuple[type[Callback], ...] = (
    JsonLoggerCallback,
    CSVLoggerCallback,
    TBXLoggerCallback,
)
"""The loggers that Tune always uses, under the name that Ray 1.x had for them."""


def run(
    trainable: Any,
    *,
    config: Mapping[str, Any] | None = None,
    loggers: Iterable[Any] | None = None,
    **tune_run_kwargs: Any,
) -> Any:
    """Run a search as ``tune.run`` did in Ray 1.x, with ``loggers=``.

    The API key in the config's ``wandb`` entry is taken out before Tune, which writes its config
    to disk, sees it.

    Args:
        trainable: What ``tune.run`` takes.
        config: The search space, with a ``wandb`` entry.
        loggers: Logger classes or ready callbacks. Tune's own loggers (`DEFAULT_LOGGERS`) are
            always there, named or not.
        **tune_run_kwargs: Everything else goes to ``tune.run``.

    Returns:
        The ``tune.ExperimentAnalysis``.

    Raises:
        SettingsError: a setting that cannot be used, before any trial starts.

    Example:
        >>> from tune_wandb_nb import WandbLogger
        >>> def train_fn(config):
        ...     tune.report({"loss": config["a"]})
        >>> analysis = run(
        ...     train_fn,
        ...     config={"a": tune.choice([1, 2]), "wandb": {"project": "p", "mode": "offline"}},
        ...     loggers=DEFAULT_LOGGERS + (WandbLogger,),
        ...     verbose=0,
        ... )
    """
    config = dict(config or {})
    # The entry is checked here, before any trial starts. Values that Tune samples are only known
    # later, in the trials.
    settings = WandbSettings.resolve({}, _without_sampled(entry_of(config)))
    key = settings.api_key
    if settings.api_key_file is not None:
        key = read_key_file(settings.api_key_file)
    callbacks = [*(tune_run_kwargs.pop("callbacks", None) or []), *map(_callback, loggers or ())]
    with use_key(key):
        return tune.run(
            trainable, config=without_key(config), callbacks=callbacks, **tune_run_kwargs
        )


def _callback(logger: Any) -> Callback:
    if isinstance(logger, type) and issubclass(logger, Callback):
        return logger()
    if isinstance(logger, Callback):
        return logger
    raise SettingsError(
        "each of loggers must be a logger class such as tune_wandb_nb.WandbLogger or a Tune"
        f" callback, but got {show(logger)}."
    )


def _without_sampled(entry: Any) -> Any:
    """Return the entry without the values that Tune samples for each trial."""
    if not isinstance(entry, Mapping):
        return entry
    sampled = (tune.search.sample.Domain,)
    return {
        key: value
        for key, value in entry.items()
        if not isinstance(value, sampled)
        and not (isinstance(value, Mapping) and "grid_search" in value)
    }
