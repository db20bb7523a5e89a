import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tune_wandb_nb.tracking.driver.tracked_trial import TrackedTrial
from tune_wandb_nb.tracking.notices import count
from tune_wandb_nb.tracking.runs.run_stats import RunStats
from tune_wandb_nb.tracking.settings.settings import Mode

__all__ = ["Trials"]

_MODES: tuple[Mode, ...] = ("online", "offline", "disabled")


class Trials:
    """Holds the trials in the order of their start; Tune's thread adds, any thread reads."""

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
        """The mode of the runs: "online" as long as one of them is; None without runs."""
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
        groups = {str(tracked.run.plan.arguments["group"]) for tracked in self.all()}
        return groups.pop() if len(groups) == 1 else None

    @property
    def group_url(self) -> str | None:
        for tracked in self.all():
            if tracked.stats.project_url:
                group = quote(str(tracked.run.plan.arguments["group"]), safe="")
                return f"{tracked.stats.project_url}/groups/{group}/workspace"
        return None
