"""``air.RunConfig`` and ``train.RunConfig`` with all that a search was told by them once.

Ray Train V2 refuses in its configs what concerns Tune. The patches let the configs keep these
values, and a `tune.Tuner` that is given such a config finds them.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any

from tune_wandb_nb.compat.ray_trial import has_train_v2
from tune_wandb_nb.tracking.legacy.patches import Age, Patch
from tune_wandb_nb.tracking.legacy.run import storage_of_folder
from tune_wandb_nb.tracking.legacy.trainers import as_search, is_trainer, trainer_patches

__all__ = ["config_patches"]

_AIR = Age.RAY_2_0
_TRAIN = Age.RAY_2_7
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

    base, sync = ray.air.RunConfig, ray.tune.SyncConfig
    patches = [
        Patch(base, "__post_init__", _with_local_dir(base.__post_init__), _AIR),
        Patch(sync, "__init__", _with_upload_dir(sync.__init__), _AIR),
    ]
    if not has_train_v2():
        return patches
    for name, refused in _TUNES.items():
        config = getattr(ray.train, name)
        check = _lenient(config.__post_init__, refused)
        patches.append(Patch(config, "__post_init__", check, _TRAIN))
    tuner = ray.tune.Tuner
    patches.append(Patch(tuner, "__init__", _tuner(tuner.__init__), _TRAIN))
    restore = classmethod(_restore(tuner.restore.__func__))
    return [*patches, Patch(tuner, "restore", restore, _TRAIN), *trainer_patches()]


def _with_local_dir(check: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(check)
    def checked(self: Any) -> None:
        folder = self.local_dir or getattr(self.sync_config, "upload_dir", None)
        if folder is not None:
            self.storage_path = self.storage_path or storage_of_folder(folder)
            self.local_dir = None
        check(self)

    return checked


def _with_upload_dir(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(
        self: Any, *args: Any, upload_dir: Any = None, syncer: Any = None, **kwargs: Any
    ) -> None:
        del syncer
        original(self, *args, **kwargs)
        if upload_dir is not None:
            self.upload_dir = upload_dir

    return init


def _lenient(check: Callable[[Any], None], refused: Iterable[str]) -> Callable[[Any], None]:
    @functools.wraps(check)
    def checked(self: Any) -> None:
        kept = _take(self, refused)
        if not _is_sampled(self):
            check(self)
        if kept:
            setattr(self, _KEPT, kept)

    return checked


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
    for name in ("checkpoint_config", "failure_config"):
        given = getattr(config, name)
        modern = ray.train.CheckpointConfig if name[0] == "c" else ray.train.FailureConfig
        if given is not None and not isinstance(given, modern):
            kept[name] = given
            setattr(config, name, None)
    if kept or config.name is None:
        # Ray Train makes up a name; Tune makes one of the trainable's.
        kept.setdefault("name", config.name)
    return kept


def _is_sampled(config: Any) -> bool:
    from ray.tune.search.sample import Domain

    values = [getattr(config, field.name) for field in fields(config)]
    return any(
        isinstance(value, Domain) or (isinstance(value, dict) and "grid_search" in value)
        for value in values
    )


def _tuner(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(
        self: Any,
        trainable: Any = None,
        *,
        run_config: Any = None,
        tune_config: Any = None,
        **given: Any,
    ) -> None:
        if is_trainer(trainable):
            run_config = run_config or trainable.run_config
            trainable, tune_config = as_search(trainable, tune_config)
        original(
            self, trainable, run_config=_for_tune(run_config), tune_config=tune_config, **given
        )

    return init


def _restore(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def restore(cls: Any, path: str, trainable: Any, *args: Any, **given: Any) -> Any:
        if is_trainer(trainable):
            trainable, _ = as_search(trainable, None)
        return original(cls, path, trainable, *args, **given)

    return restore


def _for_tune(run_config: Any) -> Any:
    import ray.train
    import ray.tune

    if not isinstance(run_config, ray.train.RunConfig):
        return run_config
    kept = getattr(run_config, _KEPT, {})
    values = {name: kept[name] for name in kept if name in _TUNES["RunConfig"]}
    names = ("storage_path", "storage_filesystem")
    return ray.tune.RunConfig(
        name=kept.get("name", run_config.name),
        callbacks=kept.get("callbacks"),
        checkpoint_config=_same(
            ray.tune.CheckpointConfig, kept.get("checkpoint_config", run_config.checkpoint_config)
        ),
        failure_config=_same(
            ray.tune.FailureConfig, kept.get("failure_config", run_config.failure_config)
        ),
        **values,
        **{name: getattr(run_config, name) for name in names},
    )


def _same(modern: Callable[..., Any], config: Any) -> Any:
    """Return a config of Ray Train's as one of ``modern``; any other as it is."""
    import ray.train

    if not isinstance(config, ray.train.CheckpointConfig | ray.train.FailureConfig):
        return config
    refused = {name for names in _TUNES.values() for name in names}
    known = {field.name for field in fields(modern)} - refused  # type: ignore[arg-type]
    values = {name: getattr(config, name) for name in known if hasattr(config, name)}
    return modern(**values, **getattr(config, _KEPT, {}))
