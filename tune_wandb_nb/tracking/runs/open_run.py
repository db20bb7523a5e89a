from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from tune_wandb_nb.compat.wandb import (
    init_run,
    is_in_use,
    is_lost_connection,
    new_settings,
    private_settings,
    starting_step,
)
from tune_wandb_nb.tracking.results.media import is_number, to_wandb
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.init_plan import InitPlan
from tune_wandb_nb.tracking.runs.isolation import isolated
from tune_wandb_nb.tracking.runs.run_config import storable_config
from tune_wandb_nb.tracking.runs.wandb_core import (
    free_abandoned_run,
    mark_abandoned,
    mark_unclosable,
)
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = [
    "LEAN",
    "OPENS_WITHIN",
    "OpenRun",
    "Start",
    "init_arguments_of",
    "next_step_of",
    "start_run",
]

_ITERATION = "training_iteration"
OPENS_WITHIN: Mapping[Mode, float] = {"online": 20.0, "offline": 120.0}
"""Seconds. Offline only this machine can be slow, and the run has no other way to open."""
LEAN: Mapping[str, Any] = {
    "console": "off",
    "disable_git": True,
    "silent": True,
    "save_code": False,
    **private_settings(machine_info=False, stats=False, requirements=False, log_level=30),
}
"""Measured at a fifth of the cost of wandb's defaults."""
_FULL: Mapping[str, Any] = {
    "disable_git": False,
    **private_settings(machine_info=True, requirements=True, log_level=20),
}


class OpenRun:
    """``log_reported`` logs a row where the trial logs to the same run itself."""

    def __init__(
        self,
        run: Any,
        mode: Mode,
        plan: InitPlan,
        log_reported: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        self.run = run
        self.mode = mode
        self.next_step = next_step_of(run)
        self._plan = plan
        self._log_reported = log_reported

    @property
    def path(self) -> str:
        return str(Path(self.run.dir).parent)

    def log(self, row: Row, on_left_out: Callable[[list[str], Exception], None]) -> None:
        if self._log_reported is not None:
            self._log_what_wandb_takes(row.metrics, self._log_reported, on_left_out)
            return
        # W&B drops rows whose step goes back, as Tune's does after a restore from a checkpoint.
        step = self.next_step if row.step is None else max(row.step, self.next_step)
        log = partial(self.run.log, step=step, commit=True)
        self._log_what_wandb_takes(row.metrics, log, on_left_out)
        self.next_step = step + 1

    def update_config(self, config: Mapping[str, Any]) -> None:
        self.run.config.update(storable_config(config), allow_val_change=True)

    def update_summary(self, summary: Mapping[str, Any]) -> None:
        self.run.summary.update(dict(summary))

    def keep_files(self, files: Iterable[str]) -> None:
        for file in files:
            self.run.save(file, base_path=str(Path(file).parent), policy="now")

    def finish(self, ending: Ending) -> None:
        try:
            self.run.finish(exit_code=ending.exit_code)
        except Exception:
            _leave(self.mode, self.run.id)
            raise

    def _log_what_wandb_takes(
        self,
        metrics: Mapping[str, Any],
        log: Callable[[dict[str, Any]], object],
        on_left_out: Callable[[list[str], Exception], None],
    ) -> None:
        taken = self._to_wandb(metrics, on_left_out)
        try:
            log(taken)
        except Exception as error:
            plain = {key: value for key, value in taken.items() if is_number(value)}
            if len(plain) == len(taken) or is_lost_connection(error):
                raise
            on_left_out(sorted(set(taken) - set(plain)), error)
            log(plain)

    def _to_wandb(
        self, metrics: Mapping[str, Any], on_left_out: Callable[[list[str], Exception], None]
    ) -> dict[str, Any]:
        images, videos = self._plan.image_kwargs, self._plan.video_kwargs
        taken: dict[str, Any] = {}
        refused: dict[str, tuple[list[str], Exception]] = {}
        for key, value in metrics.items():
            try:
                taken[key] = to_wandb(value, image_kwargs=images, video_kwargs=videos)
            except Exception as error:  # noqa: PERF203 - one value must not cost the row the others
                refused.setdefault(str(error), ([], error))[0].append(key)
        for names, reason in refused.values():
            on_left_out(sorted(names), reason)
        return taken


Start: TypeAlias = Callable[[InitPlan, Mode, str], OpenRun]


def start_run(plan: InitPlan, mode: Mode, run_id: str) -> OpenRun:
    """Open a run beside the process's others; ``wandb.run`` and ``wandb.log`` stay untouched."""
    free_abandoned_run(run_id)
    try:
        settings = {
            **LEAN,
            **(_FULL if plan.records_environment else {}),
            "init_timeout": OPENS_WITHIN[mode],
            # Otherwise wandb interrupts the process.
            "stop_fn": plan.on_stop or _ignore_stop,
        }
        arguments = init_arguments_of(plan, mode, run_id, settings)
        with isolated():
            run = init_run(**arguments, reinit="create_new")
    except Exception as error:
        # In use: by another run of this process.
        if mode == "online" and not is_in_use(error):
            mark_unclosable(run_id)
        elif not is_in_use(error):
            _leave(mode, run_id)
        raise
    if plan.define_step:
        # wandb-core defines the step metric itself.
        run.define_metric("*", step_metric=_ITERATION)
    return OpenRun(run, mode, plan)


def _ignore_stop() -> None:
    """A stop of a run that nobody trains."""


def init_arguments_of(
    plan: InitPlan, mode: Mode, run_id: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a plan as arguments of ``wandb.init``; its settings win over ``settings``."""
    settings = {**settings, **plan.settings}
    if plan.host is not None:
        settings["base_url"] = plan.host
    config = storable_config(plan.arguments["config"])
    arguments = {**plan.arguments, "id": run_id, "config": config}
    if mode == "online":
        settings["api_key"] = plan.key.reveal() if plan.key else None
    else:
        # wandb would warn that it ignores it.
        arguments.pop("resume", None)
    # A shared Settings mixes up the ids of runs opened at once.
    return {**arguments, "mode": mode, "settings": new_settings(settings)}


def next_step_of(run: Any) -> int:
    step: int = max(run.step, starting_step(run))
    return step


def _leave(mode: Mode, run_id: str) -> None:
    """Give up a run that wandb-core holds; an offline one it can forget at once."""
    mark_abandoned(run_id)
    if mode == "offline":
        free_abandoned_run(run_id)
