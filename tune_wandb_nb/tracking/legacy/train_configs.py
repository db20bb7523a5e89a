"""Ray Train's configs, which refuse Tune's arguments today, keep them for a `tune.Tuner`."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial, wraps
from typing import Any

from tune_wandb_nb.compat.ray_trial import has_train_v2
from tune_wandb_nb.tracking.legacy.patches import Age, Patch, wrapped
from tune_wandb_nb.tracking.legacy.run import is_sampled, storage_of_folder
from tune_wandb_nb.tracking.legacy.trainers import as_search, is_trainer, trainer_patches

__all__ = ["config_patches"]

_TUNES = {
    "RunConfig": ("sync_config", "verbose", "stop", "progress_reporter", "log_to_file"),
    "CheckpointConfig": ("checkpoint_frequency", "checkpoint_at_end"),
    "FailureConfig": ("fail_fast",),
    "ScalingConfig": ("trainer_resources",),
}
"""Classes of Ray Train V2 -> the arguments that they refuse, and that Tune has."""
_KEPT = "tune_arguments"


def config_patches() -> list[Patch]:
    import ray.air
    import ray.train
    import ray.tune

    patches = [
        wrapped(ray.air.RunConfig, "__post_init__", _with_local_dir, Age.RAY_2_0),
        wrapped(ray.tune.SyncConfig, "__init__", _with_upload_dir, Age.RAY_2_0),
    ]
    if not has_train_v2():
        return patches
    patches += [
        wrapped(getattr(ray.train, name), "__post_init__", partial(_lenient, refused), Age.RAY_2_7)
        for name, refused in _TUNES.items()
    ]
    tuner = ray.tune.Tuner
    patches.append(wrapped(tuner, "__init__", _tuner, Age.RAY_2_7))
    modern = tuner.restore.__func__
    restore = classmethod(wraps(modern)(partial(_restore, modern)))
    return [*patches, Patch(tuner, "restore", restore, Age.RAY_2_7), *trainer_patches()]


def _with_local_dir(check: Callable[[Any], None], config: Any) -> None:
    folder = config.local_dir or getattr(config.sync_config, "upload_dir", None)
    if folder is not None:
        config.storage_path = config.storage_path or storage_of_folder(folder)
        config.local_dir = None
    check(config)


def _with_upload_dir(
    init: Callable[..., None],
    config: Any,
    *args: Any,
    upload_dir: Any = None,
    syncer: Any = None,
    **kwargs: Any,
) -> None:
    del syncer
    init(config, *args, **kwargs)
    if upload_dir is not None:
        config.upload_dir = upload_dir


def _lenient(refused: Iterable[str], check: Callable[[Any], None], config: Any) -> None:
    kept = _take(config, refused)
    if not any(is_sampled(getattr(config, field.name)) for field in fields(config)):
        check(config)
    if kept:
        setattr(config, _KEPT, kept)


def _take(config: Any, refused: Iterable[str]) -> dict[str, Any]:
    import ray.train
    from ray.tune import Callback

    defaults = {field.name: field.default for field in fields(config)}
    kept = {}
    for name in refused:
        if name in defaults and getattr(config, name) != defaults[name]:
            kept[name] = getattr(config, name)
            setattr(config, name, defaults[name])
    if not isinstance(config, ray.train.RunConfig):
        return kept
    callbacks = config.callbacks or []
    if tunes := [callback for callback in callbacks if isinstance(callback, Callback)]:
        kept["callbacks"] = tunes
        config.callbacks = [callback for callback in callbacks if callback not in tunes]
    modern_configs = {
        "checkpoint_config": ray.train.CheckpointConfig,
        "failure_config": ray.train.FailureConfig,
    }
    for name, modern in modern_configs.items():
        given = getattr(config, name)
        if given is not None and not isinstance(given, modern):
            kept[name] = given
            setattr(config, name, None)
    if kept or config.name is None:
        # Ray Train makes up a name; Tune makes one of the trainable's.
        kept.setdefault("name", config.name)
    return kept


def _tuner(
    init: Callable[..., None],
    tuner: Any,
    trainable: Any = None,
    *,
    run_config: Any = None,
    tune_config: Any = None,
    **given: Any,
) -> None:
    if is_trainer(trainable):
        run_config = run_config or trainable.run_config
        trainable, tune_config = as_search(trainable, tune_config)
    init(tuner, trainable, run_config=_for_tune(run_config), tune_config=tune_config, **given)


def _restore(
    original: Callable[..., Any], cls: Any, path: str, trainable: Any, *args: Any, **given: Any
) -> Any:
    if is_trainer(trainable):
        trainable, _ = as_search(trainable, None)
    return original(cls, path, trainable, *args, **given)


def _for_tune(run_config: Any) -> Any:
    import ray.train
    import ray.tune

    if not isinstance(run_config, ray.train.RunConfig):
        return run_config
    kept = getattr(run_config, _KEPT, {})
    values = {name: kept[name] for name in kept if name in _TUNES["RunConfig"]}
    checkpoints = kept.get("checkpoint_config", run_config.checkpoint_config)
    failures = kept.get("failure_config", run_config.failure_config)
    return ray.tune.RunConfig(
        name=kept.get("name", run_config.name),
        callbacks=kept.get("callbacks"),
        checkpoint_config=_as_modern(ray.tune.CheckpointConfig, checkpoints),
        failure_config=_as_modern(ray.tune.FailureConfig, failures),
        storage_path=run_config.storage_path,
        storage_filesystem=run_config.storage_filesystem,
        **values,
    )


def _as_modern(modern: Callable[..., Any], config: Any) -> Any:
    """Return a config of Ray Train's as Tune's; any other as it is."""
    import ray.train

    if not isinstance(config, ray.train.CheckpointConfig | ray.train.FailureConfig):
        return config
    refused = {name for names in _TUNES.values() for name in names}
    known = {field.name for field in fields(modern)} - refused  # type: ignore[arg-type]
    values = {name: getattr(config, name) for name in known if hasattr(config, name)}
    return modern(**values, **getattr(config, _KEPT, {}))
