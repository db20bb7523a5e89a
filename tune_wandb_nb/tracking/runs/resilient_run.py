from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tune_wandb_nb.compat.wandb import never_started
from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.run_origin import Origin, write_origin
from tune_wandb_nb.tracking.history.server_run import ServerRun
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.history.tune_results import newest_results, replay
from tune_wandb_nb.tracking.history.wandb_file import OFFLINE_SUFFIX, last_recorded, wait_for_end
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import Row, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.open_run import OpenRun
from tune_wandb_nb.tracking.runs.trial_run import Recovery, TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import MOST_CORES, CoreWatch
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["RecoveryFromTune"]

_ATTEMPTS = MOST_CORES + 3
_OPENINGS = 3
"""For a run whose last rows are still on their way to W&B."""


class RecoveryFromTune(Recovery):
    """Opens a run again when wandb-core dies, and fills in the missing rows from Tune's files.

    Tune writes a result before it calls the logger. ``is_resumed``: an earlier process began the
    run, and may not have sent all rows.
    """

    def __init__(
        self,
        source: TrialSource,
        make_rows: Callable[[], TrialRows],
        *,
        core: CoreWatch,
        names: MetricNames,
        is_resumed: bool = False,
        on_offline: Callable[[TrialRun], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._make_rows = make_rows
        self._core = core
        self._names = names
        self._on_offline = on_offline
        self._core_number = 0
        self._may_lack_rows = is_resumed
        self._recorded_until = 0
        """While rows may be missing: the last iteration that certainly is recorded."""
        self._first: int | None = None
        self._last: int | None = None

    def refusal(self) -> str | None:
        return "wandb-core crashed again and again" if self._core.is_hopeless else None

    def went_offline(self, run: TrialRun, reason: str) -> None:
        # Spare later runs the wait.
        if run.plan.check is not None:
            run.plan.check.refuse(reason)
        self._on_offline(run)

    def start(self, run: TrialRun, mode: Mode) -> None:

        def start() -> None:
            if mode == "online":
                # W&B answers with the next step: it must have all that the last core has sent.
                self._core.wait_for_arrivals()
            self._core_number = self._core.number
            run.start(mode)

        for _ in range(_OPENINGS):
            self._retry(start, lambda: None)
            assert run.open_run is not None
            self._write_origin(run)
            if not self._may_lack_rows or self._look_up_last_row(run, run.open_run):
                return
            # Rows have arrived since the core asked for the next step: it would overwrite them.
            with suppress(Exception):
                run.open_run.run.finish()
        run.abandon()
        raise ConnectionError("rows of the run still arrive in W&B")

    def write_row(self, run: TrialRun, row: Row, *, may_wait: bool) -> bool:
        def write() -> None:
            if self._may_lack_rows and row.step is not None:
                self._fill(run, before=row.step)
            run.write_row(row)

        self._names.add(row.metrics.keys())
        if may_wait:
            self._retry(write, lambda: self._open_again(run))
        elif self._may_lack_rows:
            return False
        else:
            try:
                run.write_row(row)
            except Exception as error:
                if not self._is_dead(error):
                    raise
                return False
        if row.step is not None:
            self._first = row.step if self._first is None else self._first
            self._last = row.step
        return True

    def _is_dead(self, error: Exception) -> bool:
        # A core that never started may look alive: another run has started one since.
        return self._core.replace_dead_core(self._core_number) or never_started(error)

    def finish(self, run: TrialRun, ending: Ending) -> None:

        def finish() -> None:
            if self._may_lack_rows:
                self._fill(run, before=None if self._last is None else self._last + 1)
            run.finish(ending)

        try:
            self._retry(finish, lambda: self._open_again(run))
        except Exception:
            # Offline only the file counts.
            if run.stats.mode == "online":
                self._recorded_until = 0
                self._count_lost(run, 0, "the run could not be closed, so W&B may lack them")
                raise
        if run.stats.mode == "offline" and not _is_whole(run):
            self._record_anew(run, finish)

    def _record_anew(self, run: TrialRun, finish: Callable[[], None]) -> None:
        try:
            self._open_again(run)
            self._retry(finish, lambda: self._open_again(run))
        finally:
            is_whole = _is_whole(run)
            if not is_whole:
                self._recorded_until = _recorded(run)[0] or 0
                self._count_lost(run, 0, "the run's file does not hold them")
        if not is_whole:
            raise OSError(f"{run.stats.path} does not hold all of the run (is the disk full?)")

    def _retry(self, act: Callable[[], None], before_retry: Callable[[], None]) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return act()
            except Exception as error:  # noqa: PERF203 - to try again is the point
                if not self._is_dead(error) or attempt == _ATTEMPTS:
                    raise
                before_retry()
        return None

    def _open_again(self, run: TrialRun) -> None:
        state = run.stats.state
        run.abandon()
        self._may_lack_rows = True
        run.open()
        run.stats.state = state
        if not run.is_open:
            raise ConnectionError(run.stats.note)

    def _write_origin(self, run: TrialRun) -> None:
        arguments, stats = run.plan.arguments, run.stats
        origin = Origin(
            run_id=stats.run_id.removesuffix(OFFLINE_SUFFIX),
            trial_id=stats.trial_id,
            project=str(arguments["project"]),
            group=str(arguments["group"]),
            entity=str(arguments.get("entity") or ""),
            experiment=self._source.experiment,
            folder=self._source.folder or self._source.earlier,
            sweep=str(run.plan.settings.get("sweep_id") or ""),
        )
        # Only a repair needs this file.
        with suppress(OSError):
            write_origin(Path(stats.path or ""), origin)

    def _look_up_last_row(self, run: TrialRun, opened: OpenRun) -> bool:
        """Return False if the run's last row arrived after the run was opened."""
        step_at_opening = opened.next_step
        is_online = opened.mode == "online"
        iteration, step = _known_to_server(run, opened) if is_online else _recorded(run)
        opened.next_step = max(opened.next_step, 0 if step is None else step + 1)
        # training_iteration may be excluded.
        self._recorded_until = iteration if iteration is not None else (step or 0)
        return not is_online or step is None or step < step_at_opening

    def _fill(self, run: TrialRun, before: int | None) -> None:
        logged, filled = run.stats.logged, 0

        def write(row: Row) -> None:
            nonlocal filled
            if row.metrics:
                run.log_metrics(row)
                filled += 1

        try:
            replayed = replay(
                newest_results(self._source.files),
                self._make_rows(),
                is_recorded=lambda iteration: iteration <= self._recorded_until,
                write=write,
                before=before,
            )
            if replayed.config or replayed.summary:
                run.write_row(Row({}, replayed.config, replayed.summary))
        finally:
            # The rows were counted before.
            run.stats.logged = logged
        self._may_lack_rows = False
        self._count_lost(run, filled, "wandb-core died with them, and Tune has not recorded them")

    def _count_lost(self, run: TrialRun, filled: int, reason: str) -> None:
        if self._first is None or self._last is None:
            return
        stats = run.stats
        certain = max(self._recorded_until, self._first - 1)
        lost = min(self._last - certain - filled, stats.logged)
        if lost > 0:
            stats.logged -= lost
            stats.lose(reason, lost)


def _known_to_server(run: TrialRun, opened: OpenRun) -> tuple[int | None, int | None]:
    wandb_run, key = opened.run, run.plan.key
    if key is None or not wandb_run.resumed:
        return None, None
    host = run.plan.host or wandb_run.settings.base_url
    on_server = ServerRun(host, key, wandb_run.entity, wandb_run.project, run.stats.run_id)
    try:
        known = on_server.look_up()
    except AccountError:
        # Without the step of the opening, rows could be there twice.
        return None, opened.next_step - 1 if opened.next_step else None
    if known.last_step is None:
        return None, None
    # The summary may be ahead of the rows.
    return known.iteration if known.tail is None else known.tail, known.last_step


def _recorded(run: TrialRun) -> tuple[int | None, int | None]:
    return last_recorded(Path(run.plan.arguments["dir"]), run.stats.run_id)


def _is_whole(run: TrialRun) -> bool:
    path = run.stats.path
    return path is not None and wait_for_end(Path(path, f"run-{run.stats.run_id}.wandb"))
