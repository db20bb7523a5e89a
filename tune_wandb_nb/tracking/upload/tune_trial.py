"""Brings the W&B run of one trial to what Tune has recorded of it."""

from collections.abc import Container
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.server_run import KnownRun
from tune_wandb_nb.tracking.history.tune_experiment import RecordedTrial
from tune_wandb_nb.tracking.results.media import is_plain
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows, timed
from tune_wandb_nb.tracking.results.trial_end import Ending, failed_outcome, finished_outcome
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.upload.destination import Destination

__all__ = ["TrialOutcome", "TrialUpload"]


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What became of one trial."""

    trial_id: str
    name: str
    state: str
    rows: int = 0
    uploaded: int = 0
    note: str = ""
    url: str | None = None


class TrialUpload:
    """Makes W&B runs out of what Tune has recorded.

    Args:
        destination: Where to.
        project: The W&B project.
        group: The runs' group.
        rules: What is logged of each result.
        scratch: A folder for wandb's files.
        entity: The team or user, where the destination names none.
    """

    def __init__(
        self,
        destination: Destination,
        project: str,
        group: str,
        *,
        rules: RowRules,
        scratch: str,
        entity: str = "",
    ) -> None:
        self._to = destination
        self._project = project
        self._group = group
        self._rules = rules
        self._scratch = scratch
        self._entity = entity
        self._tells_no_iteration = rules.excludes.hit("training_iteration")

    def upload(self, trial: RecordedTrial, run_id: str | None = None) -> TrialOutcome:
        """Bring one trial's run, by default that of the trial's id, to what Tune has of it."""
        run_id = run_id or trial.trial_id
        outcome = partial(TrialOutcome, trial.trial_id, trial.name)
        there = {"entity": self._entity, "project": self._project}
        try:
            known = self._to.look_up(run_id, **there)
            has = self._iterations_of(known, run_id)
        except AccountError as error:
            return outcome("failed", note=str(error))
        rows = TrialRows(self._rules, trial.config)
        run = TrialRun(
            trial.trial_id, trial.name, self._plan(trial, run_id, rows), say=lambda _: None
        )
        reported, summary = _write_missing(run, rows, trial, has)
        if not run.is_open and not reported and not trial.is_over:
            return outcome("waiting")
        if not run.is_open and known.state in _states_of(trial):
            return outcome("already in W&B", reported)
        _open(run)
        url = run.url
        ending = _ending(trial)
        run.end(replace(ending, summary={**summary, **ending.summary}))
        if run.mode != "online":
            return outcome("failed", reported, note=run.note)
        if not self._to.has(run.last_step, run_id, **there):
            return outcome("failed", reported, note="W&B has not taken all of its rows", url=url)
        return outcome("uploaded", reported, run.logged, run.explain(), url)

    def _iterations_of(self, known: KnownRun, run_id: str) -> Container[int]:
        if known.last_step is not None and self._tells_no_iteration:
            # The step is the next best thing.
            return range(known.last_step + 1)
        return self._to.iterations_of(known, run_id, entity=self._entity, project=self._project)

    def _plan(self, trial: RecordedTrial, run_id: str, rows: TrialRows) -> InitPlan:
        arguments = {
            "id": run_id,
            "name": trial.name,
            "group": self._group,
            "project": self._project,
            "entity": self._to.entity or self._entity or self._to.default_entity or None,
            "config": rows.config,
            "dir": self._scratch,
            "resume": "allow",
        }
        return InitPlan(
            "online",
            arguments,
            self._to.key,
            self._to.host,
            define_step=not self._tells_no_iteration,
        )


def _write_missing(
    run: TrialRun, rows: TrialRows, trial: RecordedTrial, has: Container[int]
) -> tuple[int, dict[str, Any]]:
    """Write what W&B has not; returns how many rows Tune has, and what the summary must say.

    W&B only appends, so after a row that was missing before others its summary says what that row
    said, and not what the last one did.
    """
    reported = 0
    summary: dict[str, Any] = {}
    values: dict[str, Any] = {}
    wrote = is_behind = False
    for reported, result in enumerate(trial.results(), start=1):
        row = rows.row(result)
        summary |= row.summary
        values |= {key: value for key, value in row.metrics.items() if is_plain(value)}
        if result.get("training_iteration", reported) in has:
            is_behind = is_behind or wrote
            continue
        wrote = True
        _open(run)
        run.reported += 1
        run.write(timed(row, result))
    return reported, {**values, **summary} if is_behind else summary


def _open(run: TrialRun) -> None:
    if run.state == "waiting":
        run.open()


def _states_of(trial: RecordedTrial) -> frozenset[str]:
    """Return the states in which W&B has a trial's run once all is there."""
    if not trial.is_over:
        return frozenset({"finished", "failed", "crashed", "killed", "running"})
    return frozenset({"failed" if trial.status == "ERROR" else "finished"})


def _ending(trial: RecordedTrial) -> Ending:
    if trial.status == "ERROR":
        return failed_outcome(trial.error())
    # Who or what has stopped it is not in the folder.
    return finished_outcome("ended" if trial.is_over else trial.status.lower())
