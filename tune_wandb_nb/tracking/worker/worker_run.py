import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tune_wandb_nb.compat.wandb import (
    init_run,
    is_in_use,
    is_lost_connection,
    never_started,
    private_settings,
    replace_log,
)
from tune_wandb_nb.compat.wandb_output import silent_wandb
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.open_run import (
    OPENS_WITHIN,
    OpenRun,
    init_arguments_of,
    next_step_of,
)
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.runs.wandb_core import CoreSharing
from tune_wandb_nb.tracking.settings.settings import Mode
from tune_wandb_nb.tracking.worker.merged_rows import MergedRows

__all__ = ["WorkerRun"]

_QUIET: Mapping[str, Any] = {"silent": True, "save_code": False}
"""W&B's banners of all trials would flood the notebook."""
_FLUSHES_EVERY = 0.2
"""Seconds until rows are in the run's file: Ray may kill a trial's process any time."""


_LOST_CORE = "wandb-core died, and what was logged after that is not in W&B"


class WorkerRun:
    """One trial's run, opened as ``wandb.run``; it goes on at ``first_step``, also offline."""

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
        self.trial_run = TrialRun(trial_id, name, plan, say=say, starter=self._start)
        self._say = say
        self._sharing = sharing
        self._takes_reports = takes_reports
        self._first_step = first_step
        self._step_at_opening = first_step
        self._merged: MergedRows | None = None

    @property
    def stats(self) -> RunStats:
        return self.trial_run.stats

    @property
    def run(self) -> Any:
        return self.trial_run.open_run.run if self.trial_run.open_run is not None else None

    @property
    def next_step(self) -> int:
        if self._merged is not None:
            return self._merged.next_step
        return int(self.run.step) if self.run is not None else self._first_step

    @property
    def has_rows(self) -> bool:
        return self.run is not None and self.next_step > self._step_at_opening

    def let_stop(self) -> None:

        def note() -> None:
            self.stats.stopped_in_wandb = True

        self.trial_run.plan = replace(self.trial_run.plan, on_stop=note)

    def open(self) -> None:
        self.trial_run.open()
        if self.run is None:
            import wandb

            wandb.init(mode="disabled", reinit="finish_previous")

    def end(self, ending: Ending) -> None:
        is_disabled = self.run is None
        self.trial_run.end(ending)
        if is_disabled:
            import wandb

            wandb.finish()

    def _start(self, plan: InitPlan, mode: Mode, run_id: str) -> OpenRun:
        self._sharing.set_service()
        try:
            run = _init(plan, mode, run_id)
        except Exception as error:
            # In use: by another process that Tune has prepared for this trial.
            if not (is_lost_connection(error) or never_started(error) or is_in_use(error)):
                raise
            self._sharing.use_own_core()
            run = _init(plan, mode, run_id)
        self._step_at_opening = next_step_of(run)
        if self._takes_reports or self._first_step:
            self._step_at_opening = max(self._step_at_opening, self._first_step)
            self._merged = MergedRows(run.log, self._step_at_opening)
        report = self._merged.report if self._merged is not None else None
        self._guard(run, run.log if self._merged is None else self._merged.log)
        return OpenRun(run, mode, plan, report)

    def _guard(self, run: Any, log: Callable[..., None]) -> None:
        """Have ``wandb.log`` call ``log``, and fail no trial because wandb-core has died."""

        @functools.wraps(run.log)
        def guarded(*args: Any, **given: Any) -> None:
            try:
                log(*args, **given)
            except Exception as error:
                if not is_lost_connection(error):
                    raise
                if not self.stats.note:
                    self.stats.note = _LOST_CORE
                    self._say(f"{self.stats.name}: {_LOST_CORE}.")

        replace_log(run, guarded)


def _init(plan: InitPlan, mode: Mode, run_id: str) -> Any:

    settings = {
        **_QUIET,
        "init_timeout": OPENS_WITHIN[mode],
        **private_settings(requirements=plan.records_environment, flush_interval=_FLUSHES_EVERY),
    }
    if plan.on_stop is not None:
        settings["stop_fn"] = plan.on_stop
    arguments = init_arguments_of(plan, mode, run_id, settings)
    with silent_wandb():
        return init_run(**arguments, reinit="finish_previous", allow_val_change=True)
