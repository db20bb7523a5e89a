"""Rebuilds the run of a file that wandb-core could not finish, from what Tune has recorded."""

from contextlib import ExitStack
from pathlib import Path

from tune_wandb_nb.tracking.destination import Destination
from tune_wandb_nb.tracking.experiment_folder import local_copy, read_trial
from tune_wandb_nb.tracking.origin import read_origin
from tune_wandb_nb.tracking.recorded_run import mark_synced
from tune_wandb_nb.tracking.rows import RowRules
from tune_wandb_nb.tracking.run_upload import Outcome
from tune_wandb_nb.tracking.settings import SettingsError
from tune_wandb_nb.tracking.trial_upload import TrialUpload

__all__ = ["rebuild"]

_UNKNOWN = (
    "where its experiment is, is not known: tune_wandb_nb.upload_experiment(folder, project) makes"
    " the run anew"
)


def rebuild(outcome: Outcome, destination: Destination, scratch: Path) -> Outcome:
    """Upload what a file lacks; returns what became of its run.

    Args:
        outcome: What is known of the file: it is broken, or ends early.
        destination: Where to.
        scratch: A folder for wandb's files.
    """
    origin = read_origin(outcome.path.parent)
    if origin is None:
        return outcome.with_note(_UNKNOWN)
    with ExitStack() as stack:
        try:
            experiment = str(stack.enter_context(local_copy(origin.experiment)))
        except SettingsError:
            experiment = ""
        trial = read_trial(experiment, origin.folder, origin.trial_id)
        if trial is None:
            return outcome.with_note(f"nothing is left of its experiment {origin.experiment}")
        upload = TrialUpload(
            destination,
            destination.project or origin.project,
            origin.group,
            rules=RowRules.of((), log_config=False, best={}),
            scratch=str(scratch),
            entity=origin.entity,
        )
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
