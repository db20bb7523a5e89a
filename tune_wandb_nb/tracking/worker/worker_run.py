"""The W&B run of the trial that this very process runs: the one that ``wandb.log`` writes to."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import OPENS_WITHIN, InitPlan
from tune_wandb_nb.tracking.runs.trial_run import TrialRun, next_step_of
from tune_wandb_nb.tracking.runs.wandb_core import (
    CoreSharing,
    is_in_use,
    is_lost_connection,
    never_started,
)
from tune_wandb_nb.tracking.settings.settings import Mode
from tune_wandb_nb.tracking.worker.merged_rows import SharedRows

__all__ = ["WorkerRun"]

_QUIET: Mapping[str, Any] = {"silent": True, "save_code": False}
"""Trials print into one notebook: W&B's banners would flood it."""


class WorkerRun(TrialRun):
    """One trial's run, opened as the process's own (``wandb.run``), and its account.

    Args:
        trial_id: Tune's id of the trial.
        name: Its name.
        plan: How to open the run.
        say: Is told what a person should know.
        sharing: Where a wandb-core comes from.
        takes_reports: Whether what is reported to Tune goes into the run too.
        first_step: The step at which an offline run goes on that an earlier process began.
    """

    def __init__(
        self,
        trial_id: str,
        name: str,
        plan: InitPlan,
        *,
        say: Callable[[str], None],
        sharing: CoreSharing,
        takes_reports: bool = False,
        first_step: int = 0,
    ) -> None:
        super().__init__(trial_id, name, plan, say=say)
        self._sharing = sharing
        self._takes_reports = takes_reports
        self._first_step = first_step
        self._opened_at = first_step
        self._rows: SharedRows | None = None

    @property
    def run(self) -> Any:
        """The ``wandb.Run``; None where it is not open."""
        return self._run

    @property
    def next_step(self) -> int:
        """The step of the run's next row."""
        if self._rows is not None:
            return self._rows.next_step
        return int(self._run.step) if self._run is not None else self._first_step

    @property
    def has_rows(self) -> bool:
        """Whether anything was logged since it was opened."""
        return self._run is not None and self.next_step > self._opened_at

    def account(self) -> dict[str, Any]:
        """Return the account in a form that goes to the driver."""
        names = (
            "run_id",
            "mode",
            "state",
            "logged",
            "dropped",
            "lost",
            "note",
            "url",
            "project_url",
        )
        return {
            **{name: getattr(self, name) for name in names},
            "path": self.path,
            "reasons": dict(self.reasons),
            "left_out": dict(self.left_out),
        }

    def open(self) -> None:
        """Open the run; where there is to be none, a disabled one takes what is logged."""
        super().open()
        if self._run is None:
            import wandb

            wandb.init(mode="disabled", reinit="finish_previous")

    def end(self, ending: Ending) -> None:
        """Close the run; returns when W&B has everything, or the file is whole."""
        opened = self._run is not None
        super().end(ending)
        if not opened:
            import wandb

            wandb.finish()

    def _start(self, mode: Mode, run_id: str) -> None:
        self._sharing.settle()
        try:
            run = self._init(mode, run_id)
        except Exception as error:
            # In use: Tune has prepared another process for this trial, which has not let go yet.
            if not (is_lost_connection(error) or never_started(error) or is_in_use(error)):
                raise
            self._sharing.give_up()
            run = self._init(mode, run_id)
        self._adopt(run, mode)
        self._opened_at = next_step_of(run)
        if self._takes_reports or self._first_step:
            self._opened_at = max(self._opened_at, self._first_step)
            self._rows = SharedRows(run.log, self._opened_at)
        self._guard(run, run.log if self._rows is None else self._rows.log)

    def _init(self, mode: Mode, run_id: str) -> Any:
        import wandb

        settings = {
            **_QUIET,
            "init_timeout": OPENS_WITHIN[mode],
            "x_save_requirements": self.plan.records_environment,
        }
        arguments = self._init_arguments(mode, run_id, settings)
        return wandb.init(**arguments, reinit="finish_previous", allow_val_change=True)

    def _guard(self, run: Any, log: Callable[..., None]) -> None:
        """Let ``wandb.log`` go through ``log``, and fail no trial because wandb-core has died."""
        import wandb

        @functools.wraps(run.log)
        def guarded(*args: Any, **given: Any) -> None:
            try:
                log(*args, **given)
            except Exception as error:
                if not is_lost_connection(error):
                    raise
                self._tell_of_lost_core()

        run.log = guarded
        if wandb.run is run:
            wandb.log = guarded

    def _tell_of_lost_core(self) -> None:
        if not self.note:
            self.note = "wandb-core died, and what was logged after that is not in W&B"
            self._say(f"{self.name}: {self.note}.")

    def _log(self, row: Row) -> None:
        assert self._rows is not None
        self._log_what_goes(row.metrics, self._rows.report)
