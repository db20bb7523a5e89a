"""A trial's W&B run that loses no row: neither with its wandb-core nor with its process or file."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tune_wandb_nb.tracking.auth.graphql import AccountError
from tune_wandb_nb.tracking.history.run_origin import Origin, write_origin
from tune_wandb_nb.tracking.history.server_run import look_up_run
from tune_wandb_nb.tracking.history.tune_results import newest_results
from tune_wandb_nb.tracking.history.wandb_file import OFFLINE_SUFFIX, ends_whole, last_recorded
from tune_wandb_nb.tracking.results.metric_limit import MetricNames
from tune_wandb_nb.tracking.results.rows import Row, TrialRows, timed
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import MOST_CORES, CoreWatch, never_started
from tune_wandb_nb.tracking.settings.settings import Mode

if TYPE_CHECKING:
    from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.results.trial_end import Ending

__all__ = ["LastingRun", "Past"]

_ATTEMPTS = MOST_CORES + 3
"""More than cores may die before a run goes offline."""
_OPENINGS = 3
"""Of a run whose rows still arrive; each waits for what is there then."""


@dataclass(frozen=True, slots=True)
class Past:
    """What Tune has recorded of a trial."""

    files: tuple[Path, ...]
    """Its ``result.json``, and before it those of earlier processes."""
    rows: Callable[[], TrialRows]
    """Makes what turns results into rows, anew from the first on."""
    is_resumed: bool = False
    """Whether an earlier process began the run, and may not have handed over all that it had."""
    experiment: str = ""
    """The experiment's folder, or its URI; empty where it is unknown."""


class LastingRun(TrialRun):
    """A run that is opened again when wandb-core dies, and whose missing rows Tune's files fill.

    Tune has written every result to disk before it tells of it. After anything that may have cost
    rows, W&B (or the file, offline) is asked for the last iteration that is there, and those after
    it are written anew.

    Args:
        trial_id: Tune's id of the trial.
        name: Its name.
        plan: How to open the run.
        say: Is told what a person should know.
        past: What Tune has recorded of the trial.
        core: Knows whether wandb-core has died.
        names: Counts the metrics of the whole search.
        on_offline: Is told when the run was to be online and is not.
    """

    def __init__(
        self,
        trial_id: str,
        name: str,
        plan: "InitPlan",
        *,
        say: Callable[[str], None],
        past: Past,
        core: CoreWatch,
        names: MetricNames,
        on_offline: Callable[["LastingRun"], None] = lambda _: None,
    ) -> None:
        super().__init__(trial_id, name, plan, say=say)
        self._past = past
        self._core = core
        self._names = names
        self._on_offline = on_offline
        self._core_number = 0
        self._may_lack = past.is_resumed
        self._has = 0
        """The last iteration that is there for certain, where rows may be lacking."""
        self._first: int | None = None
        self._last: int | None = None
        """The first and the last iteration that were written by this process."""

    def _refusal(self) -> str | None:
        if self._core.is_hopeless:
            return "wandb-core crashed again and again"
        return super()._refusal()

    def _go_offline(self, reason: str) -> None:
        super()._go_offline(reason)
        if self.plan.gate is not None:
            # Those that open after it need not wait for the same.
            self.plan.gate.close(reason)
        self._on_offline(self)

    def was_uploaded(self, project_page: str) -> None:
        """Note that what was recorded offline is in W&B, in the project with this page."""
        self.mode, self.project_url = "online", project_page
        self.url = f"{project_page}/runs/{self.run_id.removesuffix(OFFLINE_SUFFIX)}"
        self.note = f"was recorded offline ({self.trouble}), and is uploaded"
        self.trouble = ""

    def _adopt(self, run: Any, mode: Mode) -> None:
        super()._adopt(run, mode)
        arguments = self.plan.arguments
        origin = Origin(
            run_id=self.run_id.removesuffix(OFFLINE_SUFFIX),
            trial_id=self.trial_id,
            project=str(arguments["project"]),
            group=str(arguments["group"]),
            entity=str(arguments.get("entity") or ""),
            experiment=self._past.experiment,
            folder=str(self._past.files[-1].parent) if self._past.files else "",
        )
        with suppress(OSError):
            # The run is none the worse without it.
            write_origin(Path(self.path or ""), origin)

    def _start(self, mode: Mode, run_id: str) -> None:
        def start() -> None:
            if mode == "online":
                # What it has then is what wandb and we are told.
                self._core.let_arrive()
            self._core_number = self._core.number
            super(LastingRun, self)._start(mode, run_id)

        for _ in range(_OPENINGS):
            self._persist(start, lambda: None)
            if not self._may_lack or self._find_out_what_is_there(mode):
                return
            # The new core would write over what has arrived since it asked how far the run is.
            with suppress(Exception):
                self._run.finish()
        # What was opened last is closed as well: nothing may be written to it.
        self._run = None
        raise ConnectionError("rows of the run still arrive in W&B")

    def _write(self, row: Row) -> None:
        def write() -> None:
            if self._may_lack and row.step is not None:
                self._fill(before=row.step)
            super(LastingRun, self)._write(row)

        self._names.see(row.metrics.keys())
        self._persist(write, self._open_again)
        if row.step is not None:
            self._first = row.step if self._first is None else self._first
            self._last = row.step

    def _close(self, ending: "Ending") -> None:
        def close() -> None:
            if self._may_lack:
                self._fill(before=None if self._last is None else self._last + 1)
            super(LastingRun, self)._close(ending)

        try:
            self._persist(close, self._open_again)
        except Exception:
            # Offline it is the file that counts, whatever wandb says.
            if self.mode == "online":
                self._has = 0
                self._count_lost(0, "the run could not be closed, so W&B may lack them")
                raise
        if self.mode == "offline" and not self._is_whole():
            self._record_anew(close)

    def _record_anew(self, close: Callable[[], None]) -> None:
        """Open the run again and close it: its folder was deleted, or could not be written."""
        try:
            self._open_again()
            self._persist(close, self._open_again)
        finally:
            is_whole = self._is_whole()
            if not is_whole:
                self._has = self._recorded()[0] or 0
                self._count_lost(0, "the run's file does not hold them")
        if not is_whole:
            raise OSError(f"{self.path} does not hold all of the run (is the disk full?)")

    def _persist(self, act: Callable[[], None], again: Callable[[], None]) -> None:
        """Do something; where wandb-core has died meanwhile, once more with a new one."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return act()
            except Exception as error:  # noqa: PERF203 - to try again is the point
                # The one that lives then is another run's, started at the same time.
                may_go_on = self._core.make_room(self._core_number) or never_started(error)
                if attempt == _ATTEMPTS or not may_go_on:
                    raise
                again()
        return None

    def _open_again(self) -> None:
        state = self.state
        self._run = None
        self._may_lack = True
        self.open()
        self.state = state
        if self._run is None:
            raise ConnectionError(self.note)

    def _find_out_what_is_there(self, mode: Mode) -> bool:
        """Look up the last row; False where it came after the run was opened."""
        opened_at = self._next_step
        known = self._known_to_server() if mode == "online" else self._recorded()
        iteration, step = known
        self._next_step = max(self._next_step, 0 if step is None else step + 1)
        # Without training_iteration (it may be excluded) the step is the next best thing.
        self._has = iteration if iteration is not None else (step or 0)
        return mode == "offline" or step is None or step < opened_at

    def _known_to_server(self) -> tuple[int | None, int | None]:
        host, key = self.plan.host or self._run.settings.base_url, self.plan.key
        if key is None or not self._run.resumed:
            return None, None
        try:
            known = look_up_run(host, key, self._run.entity, self._run.project, self.run_id)
        except AccountError:
            # W&B's own answer on opening the run: without it rows could be there twice.
            return None, self._next_step - 1 if self._next_step else None
        if known.last_step is None:
            return None, None
        # The summary may be ahead of the rows.
        return known.iteration if known.tail is None else known.tail, known.last_step

    def _recorded(self) -> tuple[int | None, int | None]:
        return last_recorded(Path(self.plan.arguments["dir"]), self.run_id)

    def _fill(self, before: int | None) -> None:
        """Write what Tune has recorded and the run lacks."""
        counted = self.logged
        try:
            filled = self._write_recorded(before)
        finally:
            # They were counted when they were written for the first time, or never reported here.
            self.logged = counted
        self._may_lack = False
        self._count_lost(filled, "wandb-core died with them, and Tune has not recorded them")

    def _write_recorded(self, before: int | None) -> int:
        rows, filled = self._past.rows(), 0
        config: dict[str, Any] = {}
        summary: dict[str, Any] = {}
        for result in newest_results(self._past.files):
            row = rows.row(result)
            if row.step is None or (before is not None and row.step >= before):
                continue
            config |= row.config
            summary |= row.summary
            if row.step > self._has and row.metrics:
                self._log(timed(row, result))
                filled += 1
        if config or summary:
            super()._write(Row({}, config, summary))
        return filled

    def _count_lost(self, filled: int, reason: str) -> None:
        """Take out of the account what had been logged, is not there and was not found."""
        if self._first is None or self._last is None:
            return
        lost = min(self._last - max(self._has, self._first - 1) - filled, self.logged)
        if lost > 0:
            self.logged -= lost
            self.lost += lost
            self._count_drop(reason, lost)

    def _is_whole(self) -> bool:
        return self.path is not None and ends_whole(Path(self.path, f"run-{self.run_id}.wandb"))
