import threading
from collections.abc import Callable

from tune_wandb_nb.tracking.history.wandb_file import OFFLINE_SUFFIX
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.open_run import OpenRun, Start, start_run
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["Recovery", "TrialRun"]


class Recovery:
    """What a run does about a wandb-core that dies; this one does nothing.

    `TrialRun` calls these instead of its own methods of these names, which they call.
    """

    def refusal(self) -> str | None:
        return None

    def start(self, run: "TrialRun", mode: Mode) -> None:
        run.start(mode)

    def write_row(self, run: "TrialRun", row: Row, *, may_wait: bool) -> bool:
        """Write a row; return False where that would take long, and ``may_wait`` is false."""
        del may_wait
        run.write_row(row)
        return True

    def finish(self, run: "TrialRun", ending: Ending) -> None:
        run.finish(ending)

    def went_offline(self, run: "TrialRun", reason: str) -> None:
        pass


class TrialRun:
    """One trial's W&B run, and its counts.

    Of `open`, `write` and `end` never two run at once. None raises: trouble is in ``stats``.
    """

    def __init__(
        self,
        trial_id: str,
        name: str,
        plan: InitPlan,
        *,
        say: Callable[[str], None],
        recovery: Recovery | None = None,
        starter: Start = start_run,
    ) -> None:
        self.plan = plan
        self.stats = RunStats(trial_id, name, str(plan.arguments["id"]), plan.mode)
        self.open_run: OpenRun | None = None
        self._say = say
        self._recovery = recovery or Recovery()
        self._starter = starter
        self._last_step: int | None = None
        self.lock = threading.RLock()
        """Held while the run is opened, ended, or uploaded in between."""

    @property
    def is_open(self) -> bool:
        return self.open_run is not None

    @property
    def last_step(self) -> int | None:
        """W&B's ``_step`` of the last row."""
        if self.open_run is not None:
            return self.open_run.next_step - 1 if self.open_run.next_step else None
        return self._last_step

    @property
    def next_step(self) -> int:
        return 0 if self.last_step is None else self.last_step + 1

    def open(self) -> None:
        """Open the run; one that cannot be opened online is opened offline."""
        stats = self.stats
        with self.lock:
            stats.state = "running"
            if stats.mode == "disabled":
                return
            if stats.mode == "online" and (refusal := self._refusal()):
                self._go_offline(refusal)
            try:
                self._recovery.start(self, stats.mode)
            except Exception as error:
                reason = self._describe(error)
                if stats.mode != "online":
                    self._say(f"W&B runs cannot be opened: {reason}")
                    stats.state, stats.note = "not opened", reason
                    return
                self._go_offline(reason)
                # wandb-core may hold the run that failed as long as its server hangs.
                stats.run_id += OFFLINE_SUFFIX
                self.open()
            else:
                self._call_hook()

    def prepare(self, make: Callable[[], Row | None]) -> Row | None:
        try:
            return make()
        except Exception as error:
            self.stats.drop(self._describe(error))
            return None

    def write(self, row: Row, *, may_wait: bool = True) -> bool:
        """Log one row without the values that W&B refuses; see `Recovery.write_row`."""
        if self.stats.mode == "disabled":
            return True
        if self.open_run is None:
            self._lose(row, self.stats.note or "the run was not open")
            return True
        try:
            return self._recovery.write_row(self, row, may_wait=may_wait)
        except Exception as error:
            self._lose(row, self._describe(error))
            return True

    def save(self, checkpoint: SavedCheckpoint) -> None:
        if self.open_run is None:
            return
        try:
            checkpoint.log(self.open_run.run, self.stats.name)
        except Exception as error:
            text = f"checkpoint {checkpoint.iteration} not logged: {self._describe(error)}"
            self.stats.note = text
            self._say(f"{self.stats.name}: {text}")

    def end(self, ending: Ending) -> None:
        """Close the run, and wait until W&B has everything, or the file is whole."""
        with self.lock:
            if self.open_run is not None:
                try:
                    self._recovery.finish(self, ending)
                except Exception as error:
                    self.stats.add_note(f"not closed: {self._describe(error)}")
                self.abandon()
            if self.stats.state != "not opened":
                self.stats.state = ending.state

    # Called by a recovery; these raise what wandb raises.

    def start(self, mode: Mode) -> None:
        self.open_run = self._starter(self.plan, mode, self.stats.run_id)
        self.stats.path = self.open_run.path
        if mode == "online":
            self.stats.url = self.open_run.run.url
            self.stats.project_url = self.open_run.run.project_url

    def write_row(self, row: Row) -> None:
        assert self.open_run is not None
        if row.config:
            self.open_run.update_config(row.config)
        if row.metrics:
            self.log_metrics(row)
        elif row.step is not None:
            self.stats.drop("nothing in it is to be logged")
        if row.summary:
            self.open_run.update_summary(row.summary)

    def log_metrics(self, row: Row) -> None:
        assert self.open_run is not None
        self.open_run.log(row, self._note_left_out)
        self.stats.logged += row.is_reported

    def finish(self, ending: Ending) -> None:
        assert self.open_run is not None
        try:
            self.open_run.update_summary(ending.summary)
        except Exception as error:
            reason = self._describe(error)
            self.stats.add_note(f"its summary does not tell how it ended: {reason}")
        try:
            self.open_run.keep_files(ending.files)
        except Exception as error:
            self.stats.add_note(f"its output is not in the run: {self._describe(error)}")
        self.open_run.finish(ending)

    def abandon(self) -> None:
        self._last_step, self.open_run = self.last_step, None

    def _lose(self, row: Row, reason: str) -> None:
        # Without a step it holds only changes of config and summary.
        if row.step is not None:
            self.stats.lose(reason)

    def _refusal(self) -> str | None:
        check = self.plan.check
        return self._recovery.refusal() or (check.refusal() if check else None)

    def _go_offline(self, reason: str) -> None:
        self._say(f"W&B cannot be used, so runs go on offline: {reason}.")
        self.stats.go_offline(reason)
        self._recovery.went_offline(self, reason)

    def _note_left_out(self, names: list[str], error: Exception) -> None:
        reason = self._describe(error)
        self.stats.note = f"left out {', '.join(names)}: {reason}"
        self._say(f"W&B cannot take {', '.join(names)}: {reason}")

    def _call_hook(self) -> None:
        if self.plan.hook is not None and self.open_run is not None:
            try:
                self.plan.hook(self.open_run.run)
            except Exception as error:
                self._say(f"WANDB_PROCESS_RUN_INFO_HOOK failed: {self._describe(error)}")

    def _describe(self, error: BaseException) -> str:
        lines = str(error).strip().splitlines()
        text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        return self.plan.key.scrub(text) if self.plan.key else text
