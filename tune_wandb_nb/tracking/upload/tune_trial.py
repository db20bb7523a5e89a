from collections.abc import Container
from dataclasses import dataclass, replace
from functools import partial

from tune_wandb_nb.tracking.auth.access import Access
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.server_run import KnownRun, ServerRun
from tune_wandb_nb.tracking.history.tune_experiment import RecordedTrial
from tune_wandb_nb.tracking.history.tune_results import replay
from tune_wandb_nb.tracking.results.rows import Row, RowRules, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending, failed_ending, finished_ending
from tune_wandb_nb.tracking.runs.init_plan import TrialNames, make_init_plan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.settings.settings import WandbSettings
from tune_wandb_nb.tracking.upload.destination import ROWS_MISSING, Destination

__all__ = ["TrialOutcome", "TrialUpload"]


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    trial_id: str
    name: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""
    url: str | None = None


class TrialUpload:
    """The settings' entity is used where the destination names none."""

    def __init__(
        self, destination: Destination, settings: WandbSettings, *, scratch: str, sweep: str = ""
    ) -> None:
        self._to = destination
        self._entity = str(settings.init.get("entity") or "")
        owner = destination.entity or self._entity or destination.default_entity or None
        joined = {"settings": {"sweep_id": sweep}} if sweep else {}
        init = {"entity": owner, **joined}
        self._settings = replace(settings, host=destination.host, init=init)
        self._rules = RowRules.of(settings.excludes, log_config=False, best=settings.best)
        self._scratch = scratch
        self._logs_iteration = not self._rules.excludes.matches("training_iteration")

    def upload(self, trial: RecordedTrial, run_id: str | None = None) -> TrialOutcome:
        run_id = run_id or trial.trial_id
        outcome = partial(TrialOutcome, trial.trial_id, trial.name)
        project = self._settings.project
        on_server = self._to.run(run_id, entity=self._entity, project=project)
        try:
            known = on_server.look_up_settled()
            recorded = self._iterations_of(on_server, known)
        except AccountError as error:
            return outcome("failed", note=str(error))
        rows = TrialRows(self._rules, trial.config)
        run = self._run_of(trial, run_id, rows)

        def write(row: Row) -> None:
            _open(run)
            run.stats.reported += 1
            run.write(row)

        replayed = replay(trial.results(), rows, is_recorded=recorded.__contains__, write=write)
        if not run.is_open and not replayed.reported and not trial.is_over:
            return outcome("waiting")
        if not run.is_open and known.state in _states_of(trial):
            return outcome("already in W&B", replayed.reported)
        _open(run)
        # After a row that was missing before others, W&B's summary has the values of that row.
        values = replayed.last_values if replayed.is_out_of_order else {}
        ending = _ending(trial)
        run.end(replace(ending, summary={**values, **replayed.summary, **ending.summary}))
        stats = run.stats
        if stats.mode != "online":
            return outcome("failed", replayed.reported, note=stats.note)
        if not on_server.has(run.last_step):
            return outcome("failed", replayed.reported, note=ROWS_MISSING, url=stats.url)
        return outcome("uploaded", replayed.reported, stats.logged, stats.explain(), stats.url)

    def _iterations_of(self, on_server: ServerRun, known: KnownRun) -> Container[int]:
        if known.last_step is not None and not self._logs_iteration:
            return range(known.last_step + 1)
        return on_server.iterations(known)

    def _run_of(self, trial: RecordedTrial, run_id: str, rows: TrialRows) -> TrialRun:
        plan = make_init_plan(
            self._settings,
            Access("online", self._to.key),
            TrialNames(trial.trial_id, trial.name),
            folder=self._scratch,
            config=rows.config,
            run_id=run_id,
        )
        return TrialRun(trial.trial_id, trial.name, plan, say=lambda _: None)


def _open(run: TrialRun) -> None:
    if run.stats.state == "waiting":
        run.open()


def _states_of(trial: RecordedTrial) -> frozenset[str]:
    if not trial.is_over:
        return frozenset({"finished", "failed", "crashed", "killed", "running"})
    return frozenset({"failed" if trial.status == "ERROR" else "finished"})


def _ending(trial: RecordedTrial) -> Ending:
    if trial.status == "ERROR":
        return failed_ending(trial.error())
    # The folder does not say what has stopped the trial.
    return finished_ending("ended" if trial.is_over else trial.status.lower())
