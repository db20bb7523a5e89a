import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from tune_wandb_nb.tracking.auth.access import decide_access
from tune_wandb_nb.tracking.broker.messages import Answer
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice, SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import STOPPED_IN_WANDB, Ending, finished_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames, make_init_plan
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.wandb_core import CoreSharing
from tune_wandb_nb.tracking.settings.config_entry import entry_of, own_entry_notice
from tune_wandb_nb.tracking.settings.init_arguments import check_init_arguments
from tune_wandb_nb.tracking.settings.ray_hooks import run_info_hook
from tune_wandb_nb.tracking.settings.settings import WandbSettings, check_project
from tune_wandb_nb.tracking.settings.trial_values import TrialView, call_functions
from tune_wandb_nb.tracking.worker.broker_link import BrokerLink
from tune_wandb_nb.tracking.worker.environment import adopt_environment, folder_for
from tune_wandb_nb.tracking.worker.worker_run import WorkerRun

__all__ = ["Tracker", "Writer"]

Writer: TypeAlias = Literal["process", "claiming process", "driver"]
"""Who writes what a trial reports to Tune, where the search has a logger.

If the driver does, what the process logs is in a run beside it.
"""

_BESIDE = "-worker"


class Tracker:
    """Opens and writes the runs of a trial's process, one after the other.

    Made early, it finds or starts a wandb-core while the trial still imports wandb.
    """

    def __init__(self) -> None:
        self._link = BrokerLink()
        self._sharing = CoreSharing(self._link.broker)
        self._sharing.start_looking()
        self._run: WorkerRun | None = None
        self._rows: TrialRows | None = None
        self._takes_reports = False
        self._checkpoints = CheckpointChoice()
        self._can_stop = False
        self.completed = False

    @property
    def run(self) -> Any:
        return self._run.run if self._run else None

    @property
    def is_open(self) -> bool:
        """Also with a disabled run."""
        return self._run is not None

    @property
    def is_stopped(self) -> bool:
        return self._run is not None and self._run.stats.stopped_in_wandb

    def open(
        self,
        names: TrialNames,
        config: Mapping[str, Any],
        arguments: Mapping[str, Any] | None = None,
        *,
        writer: Writer = "process",
    ) -> None:
        self._link.trial_id = names.trial_id
        # Beside the driver's run wandb itself interrupts the process.
        self._can_stop = writer != "driver"
        if (notice := own_entry_notice(config)) is not None:
            self._link.say(notice)
        entry = {**(entry_of(config) or {}), **(arguments or {})}
        view = TrialView(names.trial_id, names.name, names.experiment, config, names.log_path)
        answer, settings = self._ask_broker(names, entry, view)
        takes_reports = answer.logger is not None and names.trial_id is not None
        earlier = answer.earlier or {}
        if takes_reports and writer != "process":
            is_claiming = writer == "claiming process"
            claimed = self._link.claim_run(names.trial_id) if is_claiming else None
            takes_reports, earlier = claimed is not None, claimed or {}
            if claimed is None:
                names = self._names_beside(names)
        self._open(names, config, settings, answer, earlier, takes_reports=takes_reports)

    def _open(
        self,
        names: TrialNames,
        config: Mapping[str, Any],
        settings: WandbSettings,
        answer: Answer,
        earlier: Mapping[str, Any],
        *,
        takes_reports: bool,
    ) -> None:
        access = decide_access(settings, sent=answer.key)
        rows = _rows_of(settings, earlier.get("config", config), earlier.get("rows"))
        change = rows.change_config(config) if earlier else None
        plan = make_init_plan(
            settings,
            access,
            names,
            folder=folder_for(settings.dir, answer.folder),
            config=rows.config,
            run_id=self._run_id_of(settings, names.trial_id),
            records_environment=answer.is_first,
            hook=run_info_hook(os.environ),
        )
        run = WorkerRun(
            names.trial_id or "",
            str(plan.arguments["name"] or plan.arguments["id"]),
            plan,
            say=self._link.say,
            sharing=self._sharing,
            takes_reports=takes_reports,
            first_step=earlier.get("step", 0),
        )
        run.stats.note, run.stats.left_out = access.note, rows.dropped
        if self._can_stop:
            run.let_stop()
        run.open()
        if change is not None and (opened := run.trial_run.open_run) is not None:
            opened.update_config(change.config)
        self._run, self.completed = run, False
        self._rows, self._takes_reports = rows, takes_reports
        self._checkpoints = CheckpointChoice(settings.upload_checkpoints, settings.first_best)
        self._link.report(run.stats)

    def _names_beside(self, names: TrialNames) -> TrialNames:
        self._link.say(
            "what the training's own process logs to W&B is in runs of their own, whose ids end in"
            f" {_BESIDE!r}: the trials' runs, with what is reported to Tune, are the logger's."
        )
        return replace(names, trial_id=f"{names.trial_id}{_BESIDE}", name=f"{names.name}{_BESIDE}")

    def report(self, result: Mapping[str, Any]) -> None:
        self.completed = bool(result.get("done"))
        rows = self._rows
        if self._run is not None and rows is not None and self._takes_reports:
            if (row := self._run.trial_run.prepare(lambda: rows.row(result))) is not None:
                self._run.trial_run.write(row)
            self._link.report_now_and_then(self._run.stats)

    def change_config(self, config: Mapping[str, Any]) -> None:
        """Log what the trainable has added, where no reported result brings it."""
        if self._run is None or self._rows is None or self._takes_reports:
            return
        if (change := self._rows.change_config(config)) is not None:
            self._run.trial_run.write(change)

    def save(self, checkpoint: Any, result: Mapping[str, Any]) -> None:
        if self._run is not None and not self._checkpoints.is_none:
            saved = SavedCheckpoint.of(checkpoint, result)
            if (chosen := self._checkpoints.add(saved)) is not None:
                self._run.trial_run.save(chosen)

    def end(self, ending: Ending) -> None:
        """End the run, and send its state for the next process of this trial."""
        run, self._run = self._run, None
        if run is None:
            return
        if not ending.exit_code and not self.completed:
            decided = self._decided_ending(run.stats)
            ending = replace(ending, summary={**ending.summary, **decided})
        if (checkpoint := self._checkpoints.final()) is not None:
            run.trial_run.save(checkpoint)
        state: dict[str, Any] | None = None
        try:
            state = {"step": run.next_step}
        finally:
            run.end(ending)
        if self._rows is not None and self._takes_reports:
            state = {**(state or {}), "config": self._rows.config, "rows": self._rows.state()}
        self._link.report(run.stats, state, wait=True)

    def discard(self) -> None:
        """End a run without rows, and leave nothing of it."""
        run = self._run
        if run is None or run.has_rows:
            return
        self._run = None
        run.end(Ending("discarded"))
        if run.stats.mode == "offline" and run.stats.path is not None:
            shutil.rmtree(run.stats.path, ignore_errors=True)

    def _ask_broker(
        self, names: TrialNames, entry: Mapping[str, Any], view: TrialView
    ) -> tuple[Answer, WandbSettings]:
        own = WandbSettings.resolve({}, entry, os.environ)
        answer = self._link.ask(names, own)
        adopt_environment(answer.environ)
        environ = {**os.environ, **answer.environ}
        logger = call_functions(answer.logger or {}, view)
        settings = WandbSettings.resolve(logger, entry, environ)
        if (settings.host, settings.api_key_file) != (own.host, own.api_key_file):
            answer = self._link.ask(names, settings)
        check_init_arguments(settings.init)
        check_project(settings)
        return answer, settings

    def _run_id_of(self, settings: WandbSettings, trial_id: str | None) -> str:
        given = settings.init.get("id")
        if given and not self._link.is_taken(given, trial_id):
            return str(given)
        # Outside of Tune each process is a run.
        return trial_id or secrets.token_hex(4)

    def _decided_ending(self, stats: RunStats) -> Mapping[str, Any]:
        if stats.stopped_in_wandb:
            return finished_ending(STOPPED_IN_WANDB).summary
        return self._link.take_ending(stats.trial_id) if self._takes_reports else {}


def _rows_of(
    settings: WandbSettings, config: Mapping[str, Any], state: Mapping[str, Any] | None
) -> TrialRows:
    rules = RowRules.of(settings.excludes, log_config=settings.log_config, best=settings.best)
    rows = TrialRows(rules, config)
    if state is not None:
        rows.restore(state)
    return rows
