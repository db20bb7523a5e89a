from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.callback import Callback
from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback, TBXLoggerCallback

from tune_wandb_nb.tracking.auth.credentials import read_key_file, use_key
from tune_wandb_nb.tracking.legacy.patches import Age, Patch, wrapped
from tune_wandb_nb.tracking.settings.api_key import show
from tune_wandb_nb.tracking.settings.config_entry import entry_of, without_key
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings

__all__ = [
    "DEFAULT_LOGGERS",
    "TunesLoggers",
    "is_sampled",
    "run",
    "run_patches",
    "storage_of_folder",
]

DEFAULT_LOGGERS: tuple[type[Callback], ...] = (
    *(JsonLoggerCallback, CSVLoggerCallback, TBXLoggerCallback),
)

_CREDENTIALS = frozenset({"api_key", "api_key_file", "settings"})
_POSITIONAL = (
    *("name", "metric", "mode", "stop", "time_budget_s", "config", "resources_per_trial"),
    *("num_samples", "local_dir", "search_alg", "scheduler", "keep_checkpoints_num"),
    *("checkpoint_score_attr", "checkpoint_freq", "checkpoint_at_end", "verbose"),
    *("progress_reporter", "log_to_file", "trial_name_creator", "trial_dirname_creator"),
    *("sync_config", "export_formats", "max_failures", "fail_fast", "restore"),
)
"""Arguments of Ray 1.x's ``tune.run`` in their order, after the trainable."""
_WITHOUT_EFFECT = (
    *("queue_trials", "trial_executor", "ray_auto_init", "with_server", "server_port"),
    *("global_checkpoint_period", "sync_on_checkpoint", "sync_to_cloud", "sync_to_driver"),
    "return_trials",
)


class TunesLoggers:
    """Ray 1.x's ``UnifiedLogger``: what Tune always uses."""


def run(
    trainable: Any,
    *,
    config: Mapping[str, Any] | None = None,
    loggers: Iterable[Any] | None = None,
    **tune_run_kwargs: Any,
) -> Any:
    """Run a search as ``tune.run`` did in Ray 1.x, with ``loggers=``.

    The API key in the config's ``wandb`` entry is taken out before Tune writes its config to disk.

    Args:
        trainable: What ``tune.run`` takes.
        config: The search space, with a ``wandb`` entry.
        loggers: Logger classes or callbacks, beside Tune's own loggers (`DEFAULT_LOGGERS`).
        **tune_run_kwargs: For ``tune.run``. Ray 1.x's ``local_dir`` is ``storage_path``; what has
            no effect any more (``queue_trials``) is left out.

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
    return _run(tune.run, trainable, config=config, loggers=loggers, **tune_run_kwargs)


def run_patches() -> list[Patch]:
    # The signature stays: Tune reads it.
    return [wrapped(tune, "run", _classic_run, Age.RAY_1)]


def storage_of_folder(folder: Any) -> str:
    text = str(folder)
    return text if "://" in text else str(Path(text).expanduser().absolute())


def _run(
    modern: Callable[..., Any],
    trainable: Any,
    *,
    config: Any = None,
    loggers: Iterable[Any] | None = None,
    **kwargs: Any,
) -> Any:
    # RLlib's AlgorithmConfig has a `to_dict`, as Tune knows.
    config = dict(config.to_dict() if hasattr(config, "to_dict") else config or {})
    # Checked before any trial starts; what Tune samples is only known in the trials.
    entry = entry_of(config) or {}
    fixed = {name: value for name, value in entry.items() if not is_sampled(value)}
    settings = WandbSettings.resolve({}, fixed)
    key = settings.api_key
    if settings.api_key_file is not None:
        key = read_key_file(settings.api_key_file)
    added = [logger for logger in loggers or () if logger is not TunesLoggers]
    callbacks = [*(kwargs.pop("callbacks", None) or []), *map(_callback, added)]
    with use_key(key):
        return modern(
            trainable, config=without_key(config), callbacks=callbacks, **_modern_arguments(kwargs)
        )


def _classic_run(
    modern: Callable[..., Any],
    run_or_experiment: Any,
    *args: Any,
    loggers: Any = None,
    **kwargs: Any,
) -> Any:
    if len(args) > len(_POSITIONAL):
        raise TypeError(
            f"tune.run() got {len(args) + 1} positional arguments; give those after"
            f" {_POSITIONAL[-1]} by name."
        )
    kwargs = dict(zip(_POSITIONAL, args, strict=False)) | kwargs
    if loggers is None and not _has_credential(kwargs.get("config")):
        return modern(run_or_experiment, **_modern_arguments(kwargs))
    return _run(modern, run_or_experiment, loggers=loggers, **kwargs)


def _modern_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in arguments.items() if name not in _WITHOUT_EFFECT}
    for name in ("local_dir", "upload_dir"):
        if (folder := kept.pop(name, None)) is not None:
            kept.setdefault("storage_path", storage_of_folder(folder))
    return kept


def _has_credential(config: object) -> bool:
    entry = entry_of(config) if isinstance(config, Mapping) else None
    return not _CREDENTIALS.isdisjoint(entry or {})


def _callback(logger: Any) -> Callback:
    if isinstance(logger, type) and issubclass(logger, Callback):
        return logger()
    if isinstance(logger, Callback):
        return logger
    raise SettingsError(
        "each of loggers must be a logger class such as tune_wandb_nb.WandbLogger or a Tune"
        f" callback, but got {show(logger)}."
    )


def is_sampled(value: Any) -> bool:
    is_grid = isinstance(value, Mapping) and "grid_search" in value
    return is_grid or isinstance(value, tune.search.sample.Domain)
