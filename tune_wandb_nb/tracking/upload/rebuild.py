from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

from tune_wandb_nb.compat.wandb_folders import mark_synced
from tune_wandb_nb.tracking.history.run_origin import is_of_a_trial, read_origin
from tune_wandb_nb.tracking.history.tune_experiment import (
    RecordedTrial,
    find_trial,
    local_copy,
    read_experiment,
)
from tune_wandb_nb.tracking.settings.settings import SettingsError, WandbSettings
from tune_wandb_nb.tracking.upload.destination import Destination
from tune_wandb_nb.tracking.upload.offline_runs import Outcome
from tune_wandb_nb.tracking.upload.tune_trial import TrialUpload

__all__ = ["rebuild"]

_UNKNOWN_EXPERIMENT = (
    "where its experiment is, is not known: tune_wandb_nb.upload_experiment(folder, project) makes"
    " the run anew"
)


def rebuild(outcomes: Iterable[Outcome], destination: Destination, scratch: Path) -> list[Outcome]:
    with ExitStack() as copies:
        # Each experiment is read once.
        trials_of = cache(partial(_trials_of, copies))
        return [_rebuild(each, destination, scratch, trials_of) for each in outcomes]


def _trials_of(copies: ExitStack, experiment: str) -> Sequence[RecordedTrial]:
    if not experiment:
        return ()
    try:
        folder = copies.enter_context(local_copy(experiment))
    except SettingsError:
        return ()
    return read_experiment(folder)


def _rebuild(
    outcome: Outcome,
    destination: Destination,
    scratch: Path,
    trials_of: Callable[[str], Sequence[RecordedTrial]],
) -> Outcome:
    origin = read_origin(outcome.path.parent)
    if origin is None:
        is_trial = is_of_a_trial(outcome.path.parent)
        return outcome.with_note(_UNKNOWN_EXPERIMENT) if is_trial else outcome
    trial = find_trial(trials_of(origin.experiment), origin.folder, origin.trial_id)
    if trial is None:
        return outcome.with_note(f"nothing is left of its experiment {origin.experiment}")
    settings = WandbSettings(
        project=destination.project or origin.project,
        group=origin.group,
        init={"entity": origin.entity},
    )
    upload = TrialUpload(destination, settings, scratch=str(scratch), sweep=origin.sweep)
    done = upload.upload(trial, origin.run_id)
    if done.state == "failed":
        return outcome.with_note(done.note)
    if trial.is_over:
        mark_synced(outcome.path)
    return Outcome(
        outcome.path,
        outcome.run_id,
        "rebuilt",
        done.rows,
        outcome.uploaded + done.uploaded,
        f"{outcome.note}; its rows are from {origin.experiment or origin.folder}",
    )
