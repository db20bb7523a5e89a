import threading
from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.compat.ray_trial import experiment_path_of, train_context, tune_session
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.worker.tracker import Writer
from tune_wandb_nb.tracking.worker.trainable import names_of, tracker, trainable_with_mixin

__all__ = ["open_run", "setup_wandb", "train_experiment", "train_rank"]


def setup_wandb(
    config: Mapping[str, Any] | None = None,
    *,
    api_key: str | None = None,
    api_key_file: str | None = None,
    rank_zero_only: bool = True,
    **init_kwargs: Any,
) -> Any:
    """Open a W&B run with Tune's names, and return it; for code that prefers a call.

    Takes what Ray's function of that name takes. The run has the trial's id and name, and the
    experiment's name as group; settings may also stand in the ``wandb`` entry of ``config``. A key
    never becomes part of the run.

    Args:
        config: The trial's config, logged as the run's config.
        api_key: The W&B API key; by default the driver's.
        api_key_file: A file whose first line is the key.
        rank_zero_only: In the workers of a Ray Train run: only the first one logs.
        **init_kwargs: Arguments of ``wandb.init``, or settings of `WandbLogger`.

    Returns:
        The ``wandb.Run``.

    Raises:
        SettingsError: an argument, or a setting in the config, that cannot be used.

    Example:
        >>> def train_fn(config):
        ...     run = setup_wandb(config, project="digits")
        ...     run.log({"loss": 1.0})
    """
    import wandb

    if rank_zero_only and train_rank():
        return wandb.init(mode="disabled", reinit="finish_previous")
    arguments = {"api_key": api_key, "api_key_file": api_key_file, **init_kwargs}
    for alias, name in (("trial_id", "id"), ("trial_name", "name")):
        if alias in arguments:
            arguments.setdefault(name, arguments.pop(alias))
    settings = {name: value for name, value in arguments.items() if value is not None}
    open_run(config or {}, trainable_with_mixin(), settings)
    return wandb.run


def open_run(
    config: Mapping[str, Any], trainable: Any, arguments: Mapping[str, Any] | None = None
) -> None:
    """``arguments`` override the config's entry."""
    writer: Writer
    if trainable is not None:
        names = names_of(trainable)
        writer = "claiming process" if trainable.wandb_run_is_claimed else "process"
        # A caller may have passed a function changed parameters.
        config = {**trainable.config, **config}
    else:
        session, rank = tune_session(), train_rank()
        writer = "driver"
        names = TrialNames(
            _of_rank(session.trial_id, rank),
            _of_rank(session.trial_name, rank),
            train_experiment() or session.experiment,
            experiment_path_of(session.storage),
        )
    tracker().open(names, config, arguments, writer=writer)
    if trainable is None:
        _end_with(threading.current_thread())


def train_rank() -> int:
    context = train_context()
    return int(context.get_world_rank()) if context is not None else tune_session().rank


def train_experiment() -> str | None:
    context = train_context()
    return str(context.get_experiment_name()) if context is not None else None


def _end_with(thread: threading.Thread) -> None:
    """End the run with a training's thread: Ray may kill its process then."""
    if thread is threading.main_thread():
        # wandb ends the run when the process exits.
        return
    run = tracker().run

    def end() -> None:
        thread.join()
        if tracker().run is run:
            tracker().end(Ending("finished"))

    threading.Thread(target=end, name="tune-wandb-end", daemon=True).start()


def _of_rank(name: str | None, rank: int) -> str | None:
    """Append the rank: two processes must not write the same run."""
    return f"{name}-rank{rank}" if name is not None and rank else name
