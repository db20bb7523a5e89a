"""What a trial's process does for W&B: opens the trial's run, takes rows, ends it."""

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tune_wandb_nb.tracking.auth.access import Access, find_access
from tune_wandb_nb.tracking.broker.actor import Answer, find_broker
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice, SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.wandb_core import CoreSharing
from tune_wandb_nb.tracking.settings.config_entry import entry_of
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments, init_arguments
from tune_wandb_nb.tracking.settings.ray_hooks import run_info_hook
from tune_wandb_nb.tracking.settings.settings import WandbSettings, check_project
from tune_wandb_nb.tracking.worker.environment import adopt_environment, folder_for
from tune_wandb_nb.tracking.worker.worker_run import WorkerRun

__all__ = ["Tracker", "TrialFacts"]

_TIMEOUT = 60.0
_TELLS_EVERY = 1.0
"""Seconds after which the driver is told what became of the rows: a process may be killed."""


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What Tune calls a trial and its experiment; None outside of Tune."""

    trial_id: str | None = None
    name: str | None = None
    experiment: str | None = None


class Tracker:
    """Opens and writes W&B runs in a trial's process, one after the other.

    Made early, so that a wandb-core is looked for while the trial still imports wandb.
    """

    def __init__(self) -> None:
        self._broker = find_broker()
        self._sharing = CoreSharing(self._broker)
        self._sharing.ask()
        self._run: WorkerRun | None = None
        self._rows: TrialRows | None = None
        self._checkpoints = CheckpointChoice()
        self._told_at = 0.0
        self.completed = False
        """Whether the trial's code has come to its end by itself."""

    @property
    def run(self) -> Any:
        """The ``wandb.Run`` that is open, or None."""
        return self._run.run if self._run else None

    @property
    def is_open(self) -> bool:
        """Whether a trial is being tracked, be it by a disabled run."""
        return self._run is not None

    def open(
        self,
        facts: TrialFacts,
        config: Mapping[str, Any],
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Open the run of a trial, or go on with it.

        Args:
            facts: The trial.
            config: Its config, with a ``wandb`` entry.
            arguments: Settings that win over that entry.

        Raises:
            SettingsError: the trial's settings cannot be used.
        """
        entry = {**_mapping(entry_of(config)), **(arguments or {})}
        answer, settings = self._settle(facts, entry)
        access = find_access(settings, answer.known)
        before = answer.before or {}
        rules = RowRules.of(settings.excludes, log_config=settings.log_config, best=settings.best)
        rows = TrialRows(rules, before.get("config", config))
        if "rows" in before:
            rows.restore(before["rows"])
        change = rows.change_config(config) if before else None
        plan = self._plan(facts, settings, access, answer, rows.config)
        name = str(plan.arguments["name"] or plan.arguments["id"])
        run = WorkerRun(
            facts.trial_id or "",
            name,
            plan,
            say=self._say,
            sharing=self._sharing,
            takes_reports=answer.logger is not None and facts.trial_id is not None,
            first_step=before.get("step", 0),
        )
        run.note, run.left_out = access.note, rows.dropped
        run.open()
        if change is not None and run.run is not None:
            run.run.config.update(dict(change.config), allow_val_change=True)
        self._run, self.completed = run, False
        self._rows = rows if answer.logger is not None else None
        self._checkpoints = CheckpointChoice(settings.upload_checkpoints, settings.first_best)
        self._tell(wait=False)

    def report(self, result: Mapping[str, Any]) -> None:
        """Take what is reported to Tune into the run, if the search has a `WandbLogger`."""
        self.completed = bool(result.get("done"))
        if self._run is not None and self._rows is not None:
            rows = self._rows
            row = self._run.prepare(lambda: rows.row(result))
            if row is not None:
                self._run.write(row)
            if time.monotonic() - self._told_at > _TELLS_EVERY:
                self._tell(wait=False)

    def save(self, checkpoint: Any, result: Mapping[str, Any]) -> None:
        """Log a checkpoint as an artifact, where ``upload_checkpoints`` asks for it."""
        if self._run is not None and not self._checkpoints.is_none:
            chosen = self._checkpoints.take(SavedCheckpoint.of(checkpoint, result))
            if chosen is not None:
                self._run.save(chosen)

    def end(self, ending: Ending) -> None:
        """End the run; the next process of this trial will be told where it stopped."""
        run, self._run = self._run, None
        if run is None:
            return
        if not ending.exit_code and not self.completed:
            ending = replace(ending, summary={**ending.summary, **self._decided(run.trial_id)})
        if (checkpoint := self._checkpoints.rest()) is not None:
            run.save(checkpoint)
        before: dict[str, Any] | None = None
        try:
            before = {"step": run.next_step}
        finally:
            run.end(ending)
        if self._rows is not None:
            before = {**(before or {}), "config": self._rows.config, "rows": self._rows.state()}
        self._tell(run, before, wait=True)

    def discard(self) -> None:
        """End a run that has no rows, and leave nothing of it; one that has rows stays open."""
        run = self._run
        if run is None or run.has_rows:
            return
        self._run = None
        run.end(Ending("discarded"))
        if run.mode == "offline" and run.path is not None:
            shutil.rmtree(run.path, ignore_errors=True)

    # Inside

    def _settle(self, facts: TrialFacts, entry: Mapping[str, Any]) -> tuple[Answer, WandbSettings]:
        """Ask the broker, and read the settings in the light of what it knows."""
        settings = WandbSettings.resolve({}, entry, os.environ)
        answer = self._ask(facts, settings)
        adopt_environment(answer.environ)
        environ = {**os.environ, **answer.environ}
        settled = WandbSettings.resolve(answer.logger or {}, entry, environ)
        if (settled.host, settled.api_key_file) != (settings.host, settings.api_key_file):
            answer = self._ask(facts, settled)
        check_init_arguments(settled.init)
        check_project(settled)
        return answer, settled

    def _ask(self, facts: TrialFacts, settings: WandbSettings) -> Answer:
        if self._broker is None:
            return Answer()
        import ray

        asked = (facts.trial_id, settings.host, settings.api_key_file)
        return Answer.unpack(ray.get(self._broker.ask.remote(*asked), timeout=_TIMEOUT))

    def _plan(
        self,
        facts: TrialFacts,
        settings: WandbSettings,
        access: Access,
        answer: Answer,
        config: Mapping[str, Any],
    ) -> InitPlan:
        arguments, user_settings = init_arguments(
            settings,
            trial_id=facts.trial_id,
            name=facts.name,
            group=facts.experiment,
            folder=folder_for(settings.dir, answer.folder),
            config=config,
        )
        run_id = settings.init.get("id")
        if not run_id or self._is_taken(run_id, facts.trial_id):
            # A training outside of Tune has no id, and each of its processes is a run.
            arguments["id"] = facts.trial_id or secrets.token_hex(4)
        return InitPlan(
            mode=access.mode,
            arguments=arguments,
            key=access.key,
            host=settings.host,
            gate=access.gate,
            settings=user_settings,
            records_environment=answer.is_first,
            hook=run_info_hook(os.environ),
            image_kwargs=settings.image_kwargs,
            video_kwargs=settings.video_kwargs,
        )

    def _is_taken(self, run_id: str, trial_id: str | None) -> bool:
        """Tell whether a run id that was given for the whole search is another trial's already."""
        if self._broker is None or trial_id is None:
            return False
        import ray

        taken: bool = ray.get(self._broker.claim.remote(run_id, trial_id), timeout=_TIMEOUT)
        if taken:
            self._say(
                f"run_id={run_id!r} was given for the whole search, but every trial is a run of"
                " its own; the second trial and those after it get their own ids."
            )
        return taken

    def _tell(
        self,
        run: WorkerRun | None = None,
        before: Mapping[str, Any] | None = None,
        *,
        wait: bool,
    ) -> None:
        run = run or self._run
        if self._broker is None or run is None or not run.trial_id:
            return
        import ray

        self._told_at = time.monotonic()
        told = self._broker.account.remote(run.trial_id, run.account(), before)
        if wait:
            ray.wait([told], timeout=_TIMEOUT)

    def _decided(self, trial_id: str) -> Mapping[str, Any]:
        """Return what the driver's logger knows of the trial's end."""
        if self._broker is None or self._rows is None:
            return {}
        import ray

        try:
            told: Mapping[str, Any] = ray.get(
                self._broker.ending.remote(trial_id), timeout=_TIMEOUT
            )
        except Exception:
            # The broker is gone with the driver; the run ends all the same.
            return {}
        return told

    def _say(self, text: str) -> None:
        if self._broker is not None:
            self._broker.say.remote(text)
        else:
            print(f"tune-wandb-nb: {text}", flush=True)


def _mapping(entry: object) -> Mapping[str, Any]:
    if isinstance(entry, Mapping):
        return entry
    # Which says what is wrong with anything else.
    WandbSettings.resolve({}, entry)
    return {}
