"""Tune's files of an experiment -> `TrialBoard`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tune_wandb_nb.search_space.space.params import is_number
from tune_wandb_nb.tracking.history.pbt import RecordedCopy, recorded_copies
from tune_wandb_nb.tracking.history.tune_experiment import (
    RecordedTrial,
    read_experiment,
    search_start,
)
from tune_wandb_nb.tracking.history.tune_results import RESULTS
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.description import read_description
from tune_wandb_nb.tuning.board.snapshot import STATE_OF

__all__ = ["RecordedSearch"]


@dataclass(slots=True)
class _Progress:
    version: tuple[int, int] = (-1, -1)
    first: float | None = None
    last: float = -math.inf
    iteration: float = -1.0
    config: object = None
    copies: int = 0
    """How many of the trial's copies its results have passed."""


class RecordedSearch:
    """``location`` is the path or URI to show; ``experiment`` tells it from others on the board."""

    def __init__(
        self, board: TrialBoard, folder: Path, location: str, experiment: str | None = None
    ) -> None:
        self._board, self._folder = board, folder
        self._location = location.partition("?")[0].rstrip("/")
        self._experiment = experiment
        self._progress: dict[str, _Progress] = {}
        self._copies: Mapping[str, Sequence[RecordedCopy]] = {}
        self.is_over = False
        """All trials had ended at the last update."""

    @property
    def started(self) -> float | None:
        firsts = [p.first for p in self._progress.values() if p.first is not None]
        return min([*firsts, *filter(None, [search_start(self._folder)[1]])], default=None)

    @property
    def last_result(self) -> float | None:
        lasts = [p.last for p in self._progress.values() if p.last > -math.inf]
        return max(lasts, default=None)

    def update(self) -> bool:
        """Return whether anything was new; raises SettingsError."""
        read_description(self._board, self._folder)
        self._board.judge_by(search_start(self._folder)[0], None)
        trials = read_experiment(self._folder)
        tags = {trial.tag: trial.trial_id for trial in trials if trial.tag}
        self._copies = recorded_copies(self._folder, tags)
        before = self._board.revision
        for trial in trials:
            self._record(trial)
        self.is_over = all(trial.is_over for trial in trials)
        return self._board.revision != before

    def _record(self, trial: RecordedTrial) -> None:
        board = self._board
        own_id = self._id_on_board(trial.trial_id)
        progress = self._progress.setdefault(own_id, _Progress())
        board.add(
            own_id,
            name=trial.name,
            params=trial.config,
            folder=f"{self._location}/{trial.folder.name}",
            experiment=self._experiment,
        )
        version = _version(trial.folder / RESULTS)
        if version != progress.version:
            progress.version = version
            self._record_results(own_id, trial, progress)
        state = STATE_OF.get(trial.status)
        if state == "pending" and progress.first is not None:
            # Tune writes results more often than its state.
            state = "running"
        error = trial.error() if state in ("failed", None) else ""
        at = progress.last if progress.last > -math.inf else None
        if state is not None or error:
            board.change(own_id, state or "failed", error=error or None, at=at)

    def _record_copy(
        self, own_id: str, trial: RecordedTrial, config: object, progress: _Progress
    ) -> None:
        if config == progress.config:
            return
        progress.config = config
        copies = self._copies.get(trial.trial_id, ())
        for number in range(progress.copies, len(copies)):
            if copies[number].config == config:
                progress.copies = number + 1
                self._board.copied(own_id, self._id_on_board(copies[number].source_id))
                return

    def _id_on_board(self, trial_id: str) -> str:
        return f"{self._experiment}/{trial_id}" if self._experiment else trial_id

    def _record_results(self, own_id: str, trial: RecordedTrial, progress: _Progress) -> None:
        modified = progress.version[1] / 1e9
        for result in trial.results():
            at = _number(result, "timestamp", modified)
            iteration = _number(result, "training_iteration", progress.iteration + 1)
            if progress.first is None:
                progress.first = at - _number(result, "time_this_iter_s", 0.0)
                self._board.change(own_id, "running", at=progress.first)
            # The file is always read from its start. A restored trial has earlier iterations at a
            # later time.
            if iteration > progress.iteration or at > progress.last:
                self._record_copy(own_id, trial, result.get("config"), progress)
                self._board.record(own_id, result, at=at)
                progress.iteration, progress.last = iteration, max(progress.last, at)


def _version(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0)
    return status.st_size, status.st_mtime_ns


def _number(result: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = result.get(name)
    return float(value) if is_number(value) else otherwise
