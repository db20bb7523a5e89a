"""`setup_wandb`: a W&B run for the trial or the training that calls it."""

from collections.abc import Mapping
from typing import Any

from tune_wandb_nb.compat.ray_trial import tune_session
from tune_wandb_nb.tracking.runs.init_plan import TrialNames
from tune_wandb_nb.tracking.worker.train_context import train_experiment, train_rank
from tune_wandb_nb.tracking.worker.trainable import adopted, facts_of, tracker

__all__ = ["open_here", "setup_wandb"]


def setup_wandb(
    config: Mapping[str, Any] | None = None,
    *,
    api_key: str | None = None,
    api_key_file: str | None = None,
    rank_zero_only: bool = True,
    **init_kwargs: Any,
) -> Any:
    """Open a W&B run with Tune's names, and return it; for code that prefers a call.

    Takes what Ray's function of that name takes. The run's id is the trial's id, its name the
    trial's name, its group the experiment's name; settings may also stand in the ``wandb`` entry
    of ``config``. A key given here, or in ``config``, never becomes part of the run.

    Args:
        config: The trial's config, logged as the run's config.
        api_key: The W&B API key; by default the driver's.
        api_key_file: A file whose first line is the key.
        rank_zero_only: In the workers of a Ray Train run: only the first one logs, the others get
            a run that logs nothing.
        **init_kwargs: Everything else is for ``wandb.init``, or a setting of `WandbLogger`.

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
    given = {"api_key": api_key, "api_key_file": api_key_file, **init_kwargs}
    for ours, theirs in (("trial_id", "id"), ("trial_name", "name")):
        if ours in given:
            given.setdefault(theirs, given.pop(ours))
    open_here(config or {}, adopted(), {k: v for k, v in given.items() if v is not None})
    return wandb.run


def open_here(
    config: Mapping[str, Any], trainable: Any, arguments: Mapping[str, Any] | None = None
) -> None:
    """Open the run of the trial or training that this process runs.

    Args:
        config: The config that the code was called with.
        trainable: Tune's trainable; None outside of one.
        arguments: Settings that win over the config's ``wandb`` entry.
    """
    if trainable is not None:
        facts = facts_of(trainable)
        # A class trainable's own copy; a function may have been handed changed parameters.
        config = {**trainable.config, **config}
    else:
        session, rank = tune_session(), train_rank()
        facts = TrialNames(
            _of_rank(session.trial_id, rank),
            _of_rank(session.trial_name, rank),
            train_experiment() or session.experiment,
        )
    tracker().open(facts, config, arguments)


def _of_rank(name: str | None, rank: int) -> str | None:
    """Name another worker's run: two processes must not write one."""
    return f"{name}-rank{rank}" if name is not None and rank else name
