"""`WandbTrainableMixin`: a Tune trainable whose trials are W&B runs of their own process."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.compat.ray_trial import (
    add_base,
    calling_trainable,
    experiment_of,
    has_returned,
    last_result_of,
    storage_of,
    training_thread,
    trial_names,
    without_tunes_entries,
)
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.results.trial_end import Ending, failed_ending, finished_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.settings.settings import SettingsError
from tune_wandb_nb.tracking.worker.tracker import Tracker

if TYPE_CHECKING:
    _Base = Any
else:
    _Base = object

__all__ = ["Served", "WandbTrainableMixin", "adopted", "ended", "facts_of", "failed", "tracker"]

_ERROR_LONGEST = 2000
_LEAVE_TIMEOUT = 2.0

_tracker: Tracker | None = None


def tracker() -> Tracker:
    """Return this process's tracker: one, since a trial's process runs one trial at a time."""
    global _tracker  # noqa: PLW0603 - wandb.run is the process's too
    if _tracker is None:
        _tracker = Tracker()
    return _tracker


class Served:
    """Held by what is sent to trials: when the driver pickles it, trials are about to start.

    Then, not before, is Ray sure to be up and the key worth having ready.
    """

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # What is wrong on the driver is said where a trial's config is checked.
        with contextlib.suppress(Exception):
            broker_client.offer()
        return (Served, ())


class WandbTrainableMixin(_Base):
    """Base class, before ``tune.Trainable``: each trial is a W&B run that its process writes.

    The run is open before ``setup`` is called, as ``wandb.run`` and as ``self.wandb``; its id is
    the trial's id, its name the trial's name, its group the experiment's name. It ends when the
    trial ends. Settings stand in the config's ``wandb`` entry, as for `WandbLogger`; together with
    a `WandbLogger`, what is reported to Tune is in the same run.

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

    _wandb_served: Served

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        from ray.tune import Trainable

        bases = cls.__mro__
        if Trainable not in bases or bases.index(Trainable) < bases.index(WandbTrainableMixin):
            raise SettingsError(
                f"{cls.__name__} has WandbTrainableMixin as a base, and must have tune.Trainable"
                f" after it: class {cls.__name__}(WandbTrainableMixin, tune.Trainable)."
            )
        cls._wandb_served = Served()
        own = cls.__dict__.get("default_resource_request")
        if own is not None:
            cls.default_resource_request = _checked_first(own)  # type: ignore[method-assign]

    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> Any:
        """Check the trial's settings where Tune asks for its resources: on the driver."""
        _offer(config)
        return super().default_resource_request(config)

    def __init__(self, config: Any = None, *args: Any, **kwargs: Any) -> None:
        tracker()
        if not _is_function(self):
            storage = args[0] if args else kwargs.get("storage")
            _open(config or {}, storage)
        super().__init__(config, *args, **kwargs)

    @property
    def wandb(self) -> Any:
        """The trial's W&B run (``wandb.run``)."""
        import wandb

        return wandb.run

    # A trial's class may get this base only once its function runs (see `adopted`). Ray goes on to
    # call `train`, `save`, `reset` and `stop` of the class that it knows, which call the others.

    def train(self) -> Any:
        """Run one iteration; what comes of it goes into the run too, if there is a logger."""
        try:
            result = super().train()
        except Exception as error:
            tracker().end(failed(error))
            raise
        self._report(result)
        return result

    def step(self) -> Any:
        """Run a function to its next report."""
        result = super().step()
        if has_returned(result):
            tracker().completed = True
            tracker().end(ended())
        return result

    def log_result(self, result: Any) -> None:
        """Take a whole result as Tune gets it."""
        super().log_result(result)
        self._report(result)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        """Save a checkpoint; it is logged where ``upload_checkpoints`` asks for it."""
        saved = super().save(*args, **kwargs)
        if not _is_function(self):
            self._upload(saved)
        return saved

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        """Save a function's checkpoint, which it has reported."""
        saved = super().save_checkpoint(*args, **kwargs)
        if _is_function(self):
            self._upload(saved)
        return saved

    def reset(self, new_config: Any, *args: Any, **kwargs: Any) -> Any:
        """Become another trial: end this one's run, open the next one's."""
        from ray.tune import Trainable

        if not _is_function(self):
            tracker().end(ended())
            # A class that cannot be reset gets a new process, which opens the run.
            if type(self).reset_config is not Trainable.reset_config:
                _open(new_config, args[0] if args else kwargs.get("storage"))
        return super().reset(new_config, *args, **kwargs)

    def reset_config(self, new_config: Any) -> Any:
        """End a function's run once it has left; it opens the next one itself."""
        done = super().reset_config(new_config)
        if _is_function(self):
            tracker().end(ended())
        return done

    def stop(self) -> None:
        """End the trial, then its run."""
        try:
            super().stop()
        finally:
            if not _is_function(self) and self.iteration == 0:
                # Tune prepares a process for a trial, and may then take another that is free.
                tracker().discard()
            tracker().end(ended())

    def cleanup(self) -> None:
        """End a function's trial, then its run; a class's run ends with `stop`."""
        if not _is_function(self):
            super().cleanup()
            return
        thread = training_thread()
        try:
            super().cleanup()
        finally:
            if thread is not None and thread.is_alive():
                # It was told to leave; what it logs on its way out belongs to the run.
                thread.join(_LEAVE_TIMEOUT)
            tracker().end(ended())

    def _report(self, result: Any) -> None:
        if not has_returned(result) and self.__dict__.get("_wandb_reported") is not result:
            self._wandb_reported = result
            tracker().report(result)

    def _upload(self, saved: Any) -> None:
        if getattr(saved, "checkpoint", None) is not None:
            tracker().save(saved.checkpoint, last_result_of(self))


def adopted() -> Any:
    """Return the Tune trainable that calls this function, with the mixin; None outside of Tune.

    ``functools.partial`` hides from Tune that what it holds is decorated, so the trainable that
    Tune has made gets the mixin here.
    """
    found = calling_trainable()
    if found is not None and not isinstance(found, WandbTrainableMixin):
        add_base(found, WandbTrainableMixin)
    return found


def facts_of(trainable: Any) -> TrialNames:
    """Return what Tune calls the trial that a trainable runs."""
    storage = storage_of(trainable)
    return TrialNames(trainable.trial_id, trainable.trial_name, experiment_of(storage))


def failed(error: BaseException) -> Ending:
    """Describe the end of a trial that raised."""
    lines = f"{type(error).__name__}: {error}".strip()[-_ERROR_LONGEST:]
    return failed_ending(lines)


def ended() -> Ending:
    """Describe the end of a trial that did not raise."""
    return finished_ending("completed" if tracker().completed else "stopped")


def _open(config: Mapping[str, Any], storage: Any) -> None:
    tracker().end(ended())
    tracker().open(
        TrialNames(*trial_names(config), experiment_of(storage)), without_tunes_entries(config)
    )


def _is_function(trainable: Any) -> bool:
    from ray.tune.trainable import FunctionTrainable

    return isinstance(trainable, FunctionTrainable)


def _offer(config: dict[str, Any]) -> None:
    # A function by name, which is all that is pickled of it with the class.
    broker_client.offer(config)


def _checked_first(own: Any) -> Any:
    """Let a class's own ``default_resource_request`` check the trial's settings, as ours does."""
    function = own.__func__ if isinstance(own, classmethod | staticmethod) else own

    def default_resource_request(cls: Any, config: Any) -> Any:
        _offer(config)
        return function(config) if isinstance(own, staticmethod) else function(cls, config)

    return classmethod(default_resource_request)
