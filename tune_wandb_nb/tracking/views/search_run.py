import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tune_wandb_nb.compat.wandb import is_lost_connection
from tune_wandb_nb.search_space.space.params import flat_params
from tune_wandb_nb.tracking.results.media import is_number
from tune_wandb_nb.tracking.results.payload import BestSoFar, Excludes, Splitter, flatten
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending, finished_ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.trial_run import Recovery, TrialRun

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["JOB_TYPE", "ReportWriter", "SearchRun", "TrialEntry", "plan_of_search_run"]

JOB_TYPE = "search"
_EVERY = 1.0
"""Seconds between two rows."""
_ROWS_AT_END = 2
_OVER = ("TERMINATED", "ERROR")
_REPORT = "report.html"


class ReportWriter(Protocol):
    """Writes the HTML report of an experiment into a file; may raise anything."""

    def __call__(
        self, experiment: str, path: Path, *, metric: str | None, mode: str | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class TrialEntry:
    run_id: str
    name: str
    status: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]

    @classmethod
    def of(
        cls,
        names: tuple[str, str, str],
        config: Mapping[str, Any],
        result: Mapping[str, Any],
        excludes: Excludes,
    ) -> "TrialEntry":
        """Make one of Tune's values; ``names`` are the run's id, the name and the status."""
        metrics = Splitter(excludes).split(result).metrics
        numbers = {name: value for name, value in metrics.items() if is_number(value)}
        return cls(*names, flat_params(excludes.prune(config)), numbers)


def plan_of_search_run(first: InitPlan, trial_id: str, experiment: str) -> InitPlan:
    # Tune numbers the trials of a search behind a common prefix.
    prefix = trial_id.rpartition("_")[0] or trial_id
    own = {"id": f"{prefix}_search", "name": experiment, "job_type": JOB_TYPE, "config": {}}
    settings = {name: value for name, value in first.settings.items() if name != "sweep_id"}
    return replace(
        first,
        arguments={**first.arguments, "notes": None, **own},
        settings=settings,
        define_step=False,
        records_environment=False,
        on_stop=None,
    )


class SearchRun(TrialRun):
    """Tune's thread calls `update` and `conclude`, the writer the rest."""

    def __init__(
        self,
        plan: InitPlan,
        metric: str | None,
        mode: str,
        *,
        say: Callable[[str], None],
        on_offline: Callable[[TrialRun], None],
        write_report: ReportWriter | None = None,
        started: float | None = None,
    ) -> None:
        name = f"the search {plan.arguments['name']}"
        super().__init__("", name, plan, say=say, recovery=_OpenAgain(on_offline))
        now = time.time()
        self.started = now if started is None else started
        # Steps are seconds: an earlier process may have written rows after Tune saved its state.
        self._newest = -1 if started is None else int(now - started) + _ROWS_AT_END
        self._metric, self._mode = metric, mode
        self._write_report = write_report
        self._experiment: str | None = None
        self._entries: Sequence[TrialEntry] = ()
        self._next = 0.0
        self._shown: Mapping[str, Any] = {}
        self._statuses: set[str] = set()
        self._over: set[str] = set()
        self._best = BestSoFar({} if metric is None else {metric: mode})

    def update(self, trials: Sequence["Trial"]) -> Row | None:
        """Return a row if it is time for one."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + _EVERY
        return self._row(trials)

    def conclude(
        self, trials: Sequence["Trial"], entries: Sequence[TrialEntry], experiment: str | None
    ) -> tuple[Row | None, Ending]:
        self._entries, self._experiment = entries, experiment
        return self._row(trials), finished_ending("completed")

    def finish(self, ending: Ending) -> None:
        assert self.open_run is not None
        self.log_metrics(self._as_row({"trials/table": self._table()}))
        if self._write_report is not None and self._experiment is not None:
            # In the run's folder: an offline run must have it when it is uploaded.
            file = Path(self.open_run.run.dir, _REPORT)
            try:
                self._write_report(self._experiment, file, metric=self._metric, mode=self._mode)
                ending = replace(ending, files=(str(file),))
            except Exception as error:
                self._say(f"no HTML report in the run of the search: {type(error).__name__}.")
        super().finish(ending)

    def _row(self, trials: Sequence["Trial"]) -> Row | None:
        counts = Counter(trial.status.lower() for trial in trials)
        self._statuses |= counts.keys()
        values: dict[str, Any] = {f"trials/{each}": counts[each] for each in sorted(self._statuses)}
        for trial in trials:
            if trial.status in _OVER and trial.trial_id not in self._over:
                self._over.add(trial.trial_id)
                self._best.update(dict(flatten(trial.last_result or {})), 0)
        values |= {f"best_so_far/{name}": value for name, value in self._best.values().items()}
        if values == self._shown:
            return None
        self._shown = values
        return self._as_row(values)

    def _as_row(self, values: Mapping[str, Any]) -> Row:
        self._newest = max(self._newest + 1, int(time.time() - self.started))
        return Row(values, {}, {}, self._newest, is_reported=False)

    def _table(self) -> Any:
        import wandb

        entries, page = self._entries, self.stats.project_url
        params = sorted({name for entry in entries for name in entry.params})
        metrics = sorted({name for entry in entries for name in entry.metrics})
        rows: list[Any] = [
            [
                entry.name,
                entry.status,
                f"{page}/runs/{entry.run_id}" if page else entry.run_id,
                *(entry.params.get(name) for name in params),
                *(entry.metrics.get(name) for name in metrics),
            ]
            for entry in entries
        ]
        columns: list[Any] = ["trial", "status", "run", *(f"config/{name}" for name in params)]
        return wandb.Table(columns=columns + metrics, data=rows, allow_mixed_types=True)


class _OpenAgain(Recovery):
    """Opens the run again when wandb-core has died; lost rows are not repeated."""

    def __init__(self, on_offline: Callable[[TrialRun], None]) -> None:
        self._on_offline = on_offline

    def write_row(self, run: TrialRun, row: Row, *, may_wait: bool) -> bool:
        return self._do(run, lambda: run.write_row(row), may_wait=may_wait)

    def finish(self, run: TrialRun, ending: Ending) -> None:
        self._do(run, lambda: run.finish(ending), may_wait=True)

    def went_offline(self, run: TrialRun, reason: str) -> None:
        del reason
        self._on_offline(run)

    def _do(self, run: TrialRun, act: Callable[[], None], *, may_wait: bool) -> bool:
        try:
            act()
        except Exception as error:
            if not is_lost_connection(error):
                raise
            if not may_wait:
                return False
            run.abandon()
            run.start(run.stats.mode)
            act()
        return True
