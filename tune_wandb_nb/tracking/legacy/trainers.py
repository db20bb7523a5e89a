"""A trainer of Ray Train V2, which `tune.Tuner` refuses, as a function of Tune's."""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from tune_wandb_nb.compat.ray_trial import trainer_class, tune_session, with_settings
from tune_wandb_nb.tracking.legacy.patches import Age, Patch, wrapped

__all__ = ["abort_training", "as_search", "fit_in_trial", "is_trainer", "trainer_patches"]

_MERGED = ("train_loop_config", "datasets")
_NO_CPU = {"memory": 1}
"""Ray takes no request for nothing; the workers have CPUs of their own."""
_ABORTS_WITHIN = 10.0
_controllers: list[Any] = []
"""Ray Train's controller of this trial's training, until it has ended."""


def trainer_patches() -> list[Patch]:
    import ray.train.data_parallel_trainer

    trainer = trainer_class()
    older = ray.train.data_parallel_trainer
    return [
        wrapped(trainer, "fit", _fit, Age.RAY_2_7),
        Patch(older, "DataParallelTrainer", trainer, Age.RAY_2_7),
    ]


def is_trainer(trainable: Any) -> bool:
    return isinstance(trainable, trainer_class())


def as_search(trainer: Any, tune_config: Any) -> tuple[Callable[[Any], None], Any]:
    """Limit the trials that run at once, which ask for no CPU."""
    from ray import tune

    def train(config: dict[str, Any]) -> None:
        fit_in_trial(trainer, config)

    train.__name__ = train.__qualname__ = type(trainer).__name__
    tune_config = tune_config or tune.TuneConfig()
    if tune_config.max_concurrent_trials is None and not isinstance(
        tune_config.search_alg, tune.search.ConcurrencyLimiter
    ):
        tune_config = replace(tune_config, max_concurrent_trials=_room_for(trainer))
    return tune.with_resources(train, tune.PlacementGroupFactory([_NO_CPU])), tune_config


def fit_in_trial(trainer: Any, config: Mapping[str, Any]) -> None:
    import ray.tune
    from ray.util.queue import Queue

    storage = tune_session().storage
    reports = Queue(maxsize=1, actor_options={"num_cpus": 0})
    in_trial = _of_trial(trainer, config, storage, _reporter(reports))
    failures: list[BaseException] = []

    def fit() -> None:
        try:
            in_trial.fit()
        except BaseException as error:
            failures.append(error)
        finally:
            # The queue ends with the trial.
            with contextlib.suppress(Exception):
                reports.put(None)

    threading.Thread(target=fit, name="ray-train", daemon=True).start()
    try:
        while (reported := reports.get()) is not None:
            metrics, path, controller = reported
            _controllers[:] = [controller]
            checkpoint = path and ray.tune.Checkpoint(path, storage.storage_filesystem)
            ray.tune.report(metrics, checkpoint=checkpoint)
        _controllers.clear()
    finally:
        abort_training()
    if failures:
        raise failures[0]


def _of_trial(trainer: Any, config: Mapping[str, Any], storage: Any, reporter: Any) -> Any:
    import ray.train
    import ray.tune

    run_config = ray.train.RunConfig(
        name="train",
        storage_path=storage.trial_fs_path,
        storage_filesystem=storage.storage_filesystem,
        callbacks=[*trainer.run_config.callbacks, reporter],
        worker_runtime_env=trainer.run_config.worker_runtime_env,
    )
    loop = _older_forms_in(trainer.train_loop_per_worker, ray.tune.get_checkpoint())
    changes = _merged(trainer, config)
    return with_settings(trainer, run_config=run_config, train_loop_per_worker=loop, **changes)


def abort_training() -> None:
    """End the training of a stopped trial: Ray alone does that late or never."""
    import ray

    while _controllers:
        with contextlib.suppress(Exception):
            ray.get(_controllers.pop().abort.remote(), timeout=_ABORTS_WITHIN)


def _reporter(reports: Any) -> Any:
    import ray
    from ray.train import UserCallback

    class Reporter(UserCallback):
        def after_report(self, run_context: Any, metrics: list[Any], checkpoint: Any) -> None:
            del run_context
            controller = ray.get_runtime_context().current_actor
            reports.put((dict(metrics[0]), checkpoint.path if checkpoint else None, controller))

    return Reporter()


def _older_forms_in(loop: Callable[..., Any], restored: Any) -> Callable[..., Any]:
    @functools.wraps(loop)
    def in_worker(*args: Any) -> Any:
        prepare_worker(restored)
        return loop(*args)

    return in_worker


def prepare_worker(restored: Any) -> None:
    import importlib

    import ray.train

    # By name: the module imports this one.
    importlib.import_module("tune_wandb_nb.tracking.legacy.trial_hook")
    if restored is None:
        return
    own = ray.train.get_checkpoint
    ray.train.get_checkpoint = lambda: own() or restored


def _merged(trainer: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    import ray.train

    changes: dict[str, Any] = {}
    for name, value in config.items():
        if name in _MERGED and isinstance(value, Mapping):
            changes[name] = {**(getattr(trainer, name) or {}), **value}
        elif name == "scaling_config":
            given = value if isinstance(value, Mapping) else vars(value)
            known = {field.name for field in fields(ray.train.ScalingConfig)}
            values = {key: given.get(key, getattr(trainer.scaling_config, key)) for key in known}
            changes[name] = ray.train.ScalingConfig(**values)
        elif name != "wandb":
            raise ValueError(
                f"{type(trainer).__name__} in a search takes train_loop_config, scaling_config and"
                f" datasets in param_space, but got {name!r}. Give tune.Tuner a function that makes"
                " the trainer of its config instead."
            )
    return changes


def _room_for(trainer: Any) -> int:
    import ray

    scaling = trainer.scaling_config
    if not isinstance(scaling.num_workers, int):
        return 1
    here = ray.cluster_resources() if ray.is_initialized() else {"CPU": os.cpu_count() or 1}
    needed = scaling.total_resources
    rooms = [int(here.get(name, 0) // count) for name, count in needed.items() if count]
    return max(1, min(rooms, default=1))


def _fit(modern: Callable[[Any], Any], trainer: Any) -> Any:
    if not getattr(trainer.run_config, "tune_arguments", {}).keys() - {"name"}:
        return modern(trainer)
    from ray import tune

    (result,) = tune.Tuner(trainer).fit()
    if result.error is not None:
        raise result.error
    return result
