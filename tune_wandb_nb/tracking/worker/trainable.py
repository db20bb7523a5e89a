import contextlib
from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.compat.ray_trial import (
    add_base,
    calling_trainable,
    experiment_of,
    experiment_path_of,
    filesystem_of,
    has_returned,
    last_result_of,
    storage_of,
    training_thread,
    trial_names,
    trial_paths_of,
    without_tunes_entries,
)
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.results.checkpoints import storage_uri
from tune_wandb_nb.tracking.results.setup_config import KeepsSetupConfig
from tune_wandb_nb.tracking.results.trial_end import Ending, failed_ending, finished_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tracking.worker.tracker import Tracker

__all__ = [
    "BrokerStarter",
    "WandbTrainableMixin",
    "ending_of_error",
    "ending_without_error",
    "names_of",
    "tracker",
    "trainable_with_mixin",
]

_ERROR_LONGEST = 2000
_THREAD_TIMEOUT = 2.0
_tracker: Tracker | None = None


def tracker() -> Tracker:
    global _tracker  # noqa: PLW0603 - wandb.run is the process's too
    if _tracker is None:
        _tracker = Tracker()
    return _tracker


class BrokerStarter:
    """Starts the broker when the driver pickles a trainable, which refers to this."""

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # The check of a trial's config has the better message.
        with contextlib.suppress(Exception):
            broker_client.offer()
        return (BrokerStarter, ())


class WandbTrainableMixin(KeepsSetupConfig):
    """Base class, before ``tune.Trainable``: each trial is a W&B run that its process writes.

    The run is open before ``setup`` is called, as ``wandb.run`` and as ``self.wandb``, with the
    trial's id and name and the experiment's name as group. Settings stand in the config's ``wandb``
    entry, as for `WandbLogger`; with one, what is reported to Tune is in the same run.

    Raises:
        SettingsError: when a class has this base, and not ``tune.Trainable`` after it.

    Example:
        >>> from ray import tune
        >>> class Training(WandbTrainableMixin, tune.Trainable):
        ...     def step(self):
        ...         self.wandb.log({"loss": 1.0})
        ...         return {"loss": 1.0}
    """

    __module__ = "tune_wandb_nb"  # The path under which Ray pickles it.

    wandb_run_is_claimed = False
    """Whether the driver writes the run until this process claims it."""
    _wandb_broker_starter: BrokerStarter

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        from ray.tune import Trainable

        bases = cls.__mro__
        if Trainable not in bases or bases.index(Trainable) < bases.index(WandbTrainableMixin):
            raise SettingsError(
                f"{cls.__name__} has WandbTrainableMixin as a base, and must have tune.Trainable"
                f" after it: class {cls.__name__}(WandbTrainableMixin, tune.Trainable)."
            )
        cls._wandb_broker_starter = BrokerStarter()
        own = cls.__dict__.get("default_resource_request")
        if own is not None:
            cls.default_resource_request = _with_settings_check(own)  # type: ignore[method-assign]

    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> Any:
        # Called on the driver: errors in the settings are found before the trial starts.
        _offer_key(config)
        return super().default_resource_request(config)

    def __init__(self, config: Any = None, *args: Any, **kwargs: Any) -> None:
        tracker()
        if not _is_function(self):
            storage = args[0] if args else kwargs.get("storage")
            _open(config or {}, storage)
        super().__init__(config, *args, **kwargs)

    def setup(self, config: Any, **parameters: Any) -> None:
        super().setup(config, **parameters)
        if self._added_in_setup:
            tracker().change_config(self.config)

    @property
    def wandb(self) -> Any:
        """The trial's W&B run (``wandb.run``)."""
        import wandb

        return wandb.run

    # Where `trainable_with_mixin` adds this base, Ray's actor still calls `train`, `save`, `reset`
    # and `stop` of the original class, and those call the other methods of the new one.

    def train(self) -> Any:
        try:
            result = super().train()
        except Exception as error:
            tracker().end(ending_of_error(error))
            raise
        self._report(result)
        return result

    def step(self) -> Any:
        result = super().step()
        if has_returned(result):
            tracker().completed = True
            tracker().end(ending_without_error())
        return result

    def log_result(self, result: Any) -> None:
        super().log_result(result)
        self._report(result)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        saved = super().save(*args, **kwargs)
        if not _is_function(self):
            self._upload(saved)
        return saved

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        saved = super().save_checkpoint(*args, **kwargs)
        if _is_function(self):
            self._upload(saved)
        return saved

    def reset(self, new_config: Any, *args: Any, **kwargs: Any) -> Any:
        from ray.tune import Trainable

        if not _is_function(self):
            tracker().end(ending_without_error())
            # Without it, Tune starts a new process, which opens the run.
            if type(self).reset_config is not Trainable.reset_config:
                _open(new_config, args[0] if args else kwargs.get("storage"))
        return super().reset(new_config, *args, **kwargs)

    def reset_config(self, new_config: Any) -> Any:
        # The next trial's code opens the next run.
        if not _is_function(self) and self.wandb_run_is_claimed:
            tracker().end(ending_without_error())
        succeeded = super().reset_config(new_config)
        if _is_function(self):
            tracker().end(ending_without_error())
        return succeeded

    def stop(self) -> None:
        try:
            super().stop()
        finally:
            if not _is_function(self) and self.iteration == 0:
                # Tune may have prepared this process, and used an idle one instead.
                tracker().discard()
            tracker().end(ending_without_error())

    def cleanup(self) -> None:
        # The run of a class usually ends in `stop`.
        if not _is_function(self):
            super().cleanup()
            if self.wandb_run_is_claimed:
                tracker().end(ending_without_error())
            return
        thread = training_thread()
        try:
            super().cleanup()
        finally:
            if thread is not None and thread.is_alive():
                # It stops soon; rows that it still logs belong to the run.
                thread.join(_THREAD_TIMEOUT)
            tracker().end(ending_without_error())

    def _report(self, result: Any) -> None:
        if not has_returned(result) and self.__dict__.get("_wandb_reported") is not result:
            self._wandb_reported = result
            tracker().report(result)
            if tracker().is_stopped:
                result["done"] = True

    def _upload(self, saved: Any) -> None:
        if getattr(saved, "checkpoint", None) is not None:
            tracker().save(saved.checkpoint, last_result_of(self))


def trainable_with_mixin() -> Any:
    """Return the trainable that calls this function; None outside of Tune.

    It gets the mixin here where a ``functools.partial`` has hidden the decorator from Tune.
    """
    found = calling_trainable()
    if found is not None and not isinstance(found, WandbTrainableMixin):
        add_base(found, WandbTrainableMixin)
        # The driver does not see this base: the process claims its trials' runs.
        found.wandb_run_is_claimed = True
    return found


def names_of(trainable: Any) -> TrialNames:
    return _names(trainable.trial_id, trainable.trial_name, storage_of(trainable))


def _names(trial_id: str | None, name: str | None, storage: Any) -> TrialNames:
    log_path, path = trial_paths_of(storage)
    return TrialNames(
        trial_id,
        name,
        experiment_of(storage),
        experiment_path_of(storage),
        log_path=log_path,
        path=storage_uri(filesystem_of(storage), path) if path else None,
    )


def ending_of_error(error: BaseException) -> Ending:
    return failed_ending(f"{type(error).__name__}: {error}".strip()[-_ERROR_LONGEST:])


def ending_without_error() -> Ending:
    return finished_ending("completed" if tracker().completed else "stopped")


def _open(config: Mapping[str, Any], storage: Any) -> None:
    tracker().end(ending_without_error())
    names = _names(*trial_names(config), storage)
    tracker().open(names, without_tunes_entries(config))


def _is_function(trainable: Any) -> bool:
    from ray.tune.trainable import FunctionTrainable

    return isinstance(trainable, FunctionTrainable)


def _offer_key(config: dict[str, Any]) -> None:
    # A function: `default_resource_request` is pickled, and must not take the client along.
    broker_client.offer(config)


def _with_settings_check(own: Any) -> Any:
    function = own.__func__ if isinstance(own, classmethod | staticmethod) else own

    def default_resource_request(cls: Any, config: Any) -> Any:
        _offer_key(config)
        return function(config) if isinstance(own, staticmethod) else function(cls, config)

    return classmethod(default_resource_request)
