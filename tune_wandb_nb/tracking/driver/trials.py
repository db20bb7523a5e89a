import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tune_wandb_nb.tracking.driver.remote_trials import RemoteTrial
from tune_wandb_nb.tracking.history.pbt import copied_from
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.notices import count
from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice
from tune_wandb_nb.tracking.results.rows import Row, TrialRows
from tune_wandb_nb.tracking.results.trial_end import Ending, output_files
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.runs.trial_run import TrialRun
from tune_wandb_nb.tracking.settings.settings import Mode

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

__all__ = ["TrackedTrial", "Trials"]

_MODES: tuple[Mode, ...] = ("online", "offline", "disabled")


@dataclass(slots=True)
class TrackedTrial:
    run: TrialRun | RemoteTrial
    rows: TrialRows
    checkpoints: CheckpointChoice = field(default_factory=CheckpointChoice)
    source: TrialSource = field(default_factory=TrialSource)
    stopping: bool = False
    """Whether its last result was marked as done."""
    ended: bool = False
    status: str = ""
    checkpoint: str | None = None
    """The one that it last started from."""
    saved: str | None = None
    logs_output: bool = False

    def is_new(self, checkpoint: str) -> bool:
        is_new, self.saved = checkpoint != self.saved, checkpoint
        return is_new

    def with_output(self, ending: Ending, trial: "Trial") -> Ending:
        """Add the trial's console output, unless Tune has written it on another machine."""
        if not self.logs_output:
            return ending
        names = trial.log_to_file or ()
        return replace(ending, files=output_files(trial.storage.trial_working_directory, names))

    @property
    def stats(self) -> RunStats:
        return self.run.stats

    @property
    def group(self) -> str:
        return str(self.run.plan.arguments["group"])

    def config_change(self, trial: "Trial", trials: Sequence["Trial"]) -> Callable[[], Row | None]:
        checkpoint = trial.checkpoint.path if trial.checkpoint else None
        source = None
        if checkpoint != self.checkpoint:
            self.checkpoint = checkpoint
            source = copied_from(trial, trials)
        iteration = int((trial.last_result or {}).get("training_iteration", 0))
        config = dict(trial.config)
        return partial(self.rows.change_config, config, source=source, iteration=iteration)

    def state(self) -> dict[str, Any]:
        return {**self.rows.state(), "folder": self.source.folder}


class Trials:
    """The trials in the order of their start; Tune's thread adds, any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, TrackedTrial] = {}
        self._run_ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, tracked: TrackedTrial) -> None:
        with self._lock:
            self._by_id[tracked.stats.trial_id] = tracked
            self._run_ids.add(tracked.stats.run_id)

    def get(self, trial_id: str) -> TrackedTrial | None:
        return self._by_id.get(trial_id)

    def stats_of(self, trial_id: str) -> RunStats:
        return self._by_id[trial_id].stats

    @property
    def first(self) -> TrackedTrial | None:
        with self._lock:
            return next(iter(self._by_id.values()), None)

    def all(self) -> list[TrackedTrial]:
        with self._lock:
            return list(self._by_id.values())

    def has_run_id(self, run_id: str) -> bool:
        return run_id in self._run_ids

    def state(self) -> Mapping[str, Any]:
        return {tracked.stats.trial_id: tracked.state() for tracked in self.all()}

    @property
    def stats(self) -> list[RunStats]:
        return [tracked.stats for tracked in self.all()]

    @property
    def mode(self) -> Mode | None:
        modes = {run.mode for run in self.stats}
        return next((mode for mode in _MODES if mode in modes), None)

    @property
    def trouble(self) -> str | None:
        stats = self.stats
        away = [run.trouble for run in stats if run.trouble]
        if away:
            return f"{count(len(away), 'run')} recorded offline: {away[-1]}"
        lost = sum(run.lost for run in stats)
        return f"{count(lost, 'row')} not in W&B; logger.audit() tells why" if lost else None

    @property
    def project_url(self) -> str | None:
        return next((run.project_url for run in self.stats if run.project_url), None)

    @property
    def group(self) -> str | None:
        groups = {tracked.group for tracked in self.all()}
        return groups.pop() if len(groups) == 1 else None

    @property
    def group_url(self) -> str | None:
        for tracked in self.all():
            if (page := tracked.stats.project_url) is not None:
                return f"{page}/groups/{quote(tracked.group, safe='')}/workspace"
        return None
