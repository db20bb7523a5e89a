"""One trial's W&B run: how it is opened, written and ended, and the account kept of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tune_wandb_nb.tracking.history.wandb_file import OFFLINE_SUFFIX
from tune_wandb_nb.tracking.results.checkpoints import SavedCheckpoint
from tune_wandb_nb.tracking.results.media import is_plain, to_wandb
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import FULL, LEAN, OPENS_WITHIN, InitPlan
from tune_wandb_nb.tracking.runs.notebook_hooks import no_notebook_hooks
from tune_wandb_nb.tracking.runs.wandb_core import (
    free_left_run,
    is_in_use,
    is_lost_connection,
    leave_run,
)
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["TrialRun", "next_step_of"]

_ITERATION = "training_iteration"


class TrialRun:
    """One trial's W&B run and its account.

    The logger counts what Tune reported; `open`, `write` and `end` are called by the writer, never
    two at once. None of them raises: what goes wrong is in `note` and in the account.
    """

    def __init__(
        self, trial_id: str, name: str, plan: InitPlan, *, say: Callable[[str], None]
    ) -> None:
        self.trial_id = trial_id
        self.name = name
        self.run_id = str(plan.arguments["id"])
        self.plan = plan
        self.mode: Mode = plan.mode
        self.state = "waiting"
        self.reported = 0
        self.logged = 0
        self.dropped = 0
        self.lost = 0
        """How many of the dropped rows Tune has and W&B should have had."""
        self.reasons: Counter[str] = Counter()
        """Why rows were dropped: reason -> rows."""
        self.left_out: Mapping[tuple[str, str], int] = {}
        """(metric, type) -> how many of its values could not be logged."""
        self.skipped_checkpoints = 0
        """How many were not logged, since newer ones came before it was their turn."""
        self.note = ""
        self.url: str | None = None
        self.project_url: str | None = None
        self.path: str | None = None
        self.trouble = ""
        """Why it is offline though it was to be online; empty otherwise."""
        self._say = say
        self._run: Any = None
        self._next_step = 0

    @property
    def is_open(self) -> bool:
        """Whether the run takes rows right now."""
        return self._run is not None

    @property
    def last_step(self) -> int | None:
        """W&B's own step (``_step``) of the last row; None without rows."""
        return self._next_step - 1 if self._next_step else None

    def explain(self) -> str:
        """Say in words why rows or values are missing; empty where none are."""
        parts = [self.note] if self.note else []
        if self.mode == "disabled":
            parts.append("mode is 'disabled'")
        elif waiting := self.reported - self.logged - self.dropped:
            parts.append(f"{waiting} rows on their way")
        if self.skipped_checkpoints:
            parts.append(f"{self.skipped_checkpoints} older checkpoints not logged")
        # The writer may be counting meanwhile.
        reasons, left_out = list(self.reasons.items()), list(self.left_out.items())
        parts += [f"{count} rows dropped: {reason}" for reason, count in reasons]
        parts += [f"{count} values of {key!r} left out ({kind})" for (key, kind), count in left_out]
        return "; ".join(parts)

    def open(self) -> None:
        """Open the run; one that cannot be opened online is opened offline."""
        self.state = "running"
        if self.mode == "disabled":
            return
        if self.mode == "online" and (refusal := self._refusal()):
            self._go_offline(refusal)
        try:
            self._start(self.mode, self.run_id)
        except Exception as error:
            reason = self._describe(error)
            if self.mode != "online":
                self._say(f"W&B runs cannot be opened: {reason}")
                self.state, self.note = "not opened", reason
                return
            self._go_offline(reason)
            # To have wandb-core forget the run that failed may take as long as its server hangs.
            self.run_id += OFFLINE_SUFFIX
            self.open()
            return
        self._call_hook()

    def _refusal(self) -> str | None:
        """Return why the run cannot go online, as far as that is known before it is tried."""
        return self.plan.gate.refusal() if self.plan.gate else None

    def _go_offline(self, reason: str) -> None:
        self._say(f"W&B cannot be used, so runs go on offline: {reason}.")
        self.mode, self.trouble, self.note = "offline", reason, f"offline: {reason}"

    def prepare(self, make: Callable[[], Row | None]) -> Row | None:
        """Make a row out of what was sent; a result that none can be made of is counted."""
        try:
            return make()
        except Exception as error:
            self._count_drop(self._describe(error))
            return None

    def write(self, row: Row) -> None:
        """Log one row; what W&B refuses is left out of it, and only a whole row is dropped."""
        if self.mode == "disabled":
            return
        if self._run is None:
            self._lose(row, self.note or "the run was not open")
            return
        try:
            self._write(row)
        except Exception as error:
            self._lose(row, self._describe(error))

    def save(self, checkpoint: SavedCheckpoint) -> None:
        """Log a checkpoint as an artifact; one that cannot be is named, and nothing else stops."""
        if self._run is None:
            return
        try:
            checkpoint.log(self._run, self.name)
        except Exception as error:
            text = f"checkpoint {checkpoint.iteration} not logged: {self._describe(error)}"
            self.note = text
            self._say(f"{self.name}: {text}")

    def end(self, ending: Ending) -> None:
        """Close the run; returns when W&B has everything, or the file is whole."""
        if self._run is not None:
            try:
                self._close(ending)
            except Exception as error:
                self._add_note(f"not closed: {self._describe(error)}")
            self._run = None
        if self.state != "not opened":
            self.state = ending.state

    def _write(self, row: Row) -> None:
        if row.config:
            self._run.config.update(dict(row.config), allow_val_change=True)
        if row.metrics:
            self._log(row)
        else:
            self._drop(row, "nothing in it is to be logged")
        if row.summary:
            self._run.summary.update(dict(row.summary))

    def _close(self, ending: Ending) -> None:
        try:
            self._run.summary.update(dict(ending.summary))
        except Exception as error:
            self._add_note(f"its summary does not tell how it ended: {self._describe(error)}")
        try:
            self._run.finish(exit_code=ending.exit_code)
        except Exception:
            self._leave(self.mode, self.run_id)
            raise

    def _start(self, mode: Mode, run_id: str) -> None:
        import wandb

        plan = self.plan
        environment = FULL if plan.records_environment else {}
        settings = {**LEAN, **environment, "init_timeout": OPENS_WITHIN[mode]}
        free_left_run(run_id)
        try:
            arguments = self._init_arguments(mode, run_id, settings)
            with no_notebook_hooks():
                run = wandb.init(**arguments, reinit="create_new")
        except Exception as error:
            if not is_in_use(error):
                self._leave(mode, run_id)
            raise
        if plan.define_step:
            # wandb-core defines the step metric itself.
            run.define_metric("*", step_metric=_ITERATION)
        self._next_step = next_step_of(run)
        self._adopt(run, mode)

    def _leave(self, mode: Mode, run_id: str) -> None:
        leave_run(run_id)
        if mode == "offline":
            free_left_run(run_id)

    def _init_arguments(
        self, mode: Mode, run_id: str, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the plan as arguments of ``wandb.init``; its settings win over ``settings``."""
        import wandb

        plan = self.plan
        settings = {**settings, **plan.settings}
        if plan.host is not None:
            settings["base_url"] = plan.host
        arguments = {**plan.arguments, "id": run_id}
        if mode == "online":
            settings["api_key"] = plan.key.reveal() if plan.key else None
        else:
            # wandb warns that it ignores the one, and has no use for the other.
            arguments.pop("resume", None)
        # A fresh Settings for every run: a shared one mixes the ids of runs opened at once.
        return {**arguments, "mode": mode, "settings": wandb.Settings(**settings)}

    def _adopt(self, run: Any, mode: Mode) -> None:
        self._run = run
        self.path = str(Path(run.dir).parent)
        if mode == "online":
            self.url, self.project_url = run.url, run.project_url

    def _log(self, row: Row) -> None:
        # W&B drops rows whose step goes back, as Tune's does after a restore from a checkpoint:
        # such a row takes the next step, and its training_iteration tells what it is.
        step = self._next_step if row.step is None else max(row.step, self._next_step)
        self._log_what_goes(row.metrics, partial(self._run.log, step=step, commit=True))
        self._next_step = step + 1

    def _log_what_goes(
        self, metrics: Mapping[str, Any], log: Callable[[dict[str, Any]], object]
    ) -> None:
        """Log one row's metrics; where W&B refuses them, its numbers, and say what is left out."""
        try:
            log(self._ready(metrics))
        except Exception as error:
            plain = {key: value for key, value in metrics.items() if is_plain(value)}
            if len(plain) == len(metrics) or is_lost_connection(error):
                raise
            left_out = sorted(set(metrics) - set(plain))
            self.note = f"left out {', '.join(left_out)}: {self._describe(error)}"
            self._say(f"W&B cannot take {', '.join(left_out)}: {self._describe(error)}")
            log(plain)
        self.logged += 1

    def _ready(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        images, videos = self.plan.image_kwargs, self.plan.video_kwargs
        return {
            key: value
            if is_plain(value)
            else to_wandb(value, image_kwargs=images, video_kwargs=videos)
            for key, value in metrics.items()
        }

    def _lose(self, row: Row, reason: str) -> None:
        if row.step is not None:
            self.lost += 1
        self._drop(row, reason)

    def _drop(self, row: Row, reason: str) -> None:
        if row.step is not None:
            self._count_drop(reason)

    def _count_drop(self, reason: str, rows: int = 1) -> None:
        self.dropped += rows
        self.reasons[reason] += rows

    def _call_hook(self) -> None:
        if self.plan.hook is not None:
            try:
                self.plan.hook(self._run)
            except Exception as error:
                self._say(f"WANDB_PROCESS_RUN_INFO_HOOK failed: {self._describe(error)}")

    def _add_note(self, text: str) -> None:
        self.note = "; ".join(filter(None, (self.note, text)))

    def _describe(self, error: BaseException) -> str:
        lines = str(error).strip().splitlines()
        text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        return self.plan.key.scrub(text) if self.plan.key else text


def next_step_of(run: Any) -> int:
    """Return the step of the next row of a run that was just opened."""
    # One that is resumed does not tell its step before its first row.
    step: int = max(run.step, getattr(run, "starting_step", 0))
    return step
