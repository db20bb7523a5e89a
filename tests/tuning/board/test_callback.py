"""Tune's hooks, recorded on a board."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray import cloudpickle, tune
from ray.tune.experiment import Trial

from tests.trainable_functions import endless, failing, quick, run_config
from tune_wandb_nb.tuning.board import callback
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.callback import BoardCallback


def test_the_callback_pickles_without_its_board() -> None:
    board = TrialBoard("m", "max")
    board.add("a", name="a")
    copy = cloudpickle.loads(cloudpickle.dumps(BoardCallback(board)))
    assert copy.board.snapshot().total == 0


def fit(tmp_path: Path, recorder: BoardCallback, trainable: Any, **given: Any) -> None:
    config = run_config(tmp_path, callbacks=[recorder])
    tune.Tuner(trainable, run_config=config, **given).fit()


def test_a_search_is_recorded_from_its_start_to_its_end(tmp_path: Path, ray_session: None) -> None:
    board = TrialBoard("score", "max")
    space = {"x": tune.grid_search([1, 2, 3])}
    fit(tmp_path, BoardCallback(board), quick, param_space=space)
    snapshot = board.snapshot()
    assert snapshot.expected == 3
    assert snapshot.ended is not None
    assert {state: count for state, count in snapshot.counts.items() if count} == {"done": 3}
    assert sorted(trial.params["x"] for trial in snapshot.trials) == [1, 2, 3]
    assert all(trial.iteration == 3 for trial in snapshot.trials)
    assert snapshot.best is not None
    assert snapshot.best.metrics["score"] == 9


def test_a_failed_trial_has_its_error(tmp_path: Path, ray_session: None) -> None:
    board = TrialBoard()
    fit(tmp_path, BoardCallback(board), failing)
    (trial,) = board.snapshot().trials
    assert (trial.state, trial.metrics["score"]) == ("failed", 1.0)
    assert "ValueError: no" in (trial.error or "")


def test_while_ray_starts_a_trial_nothing_is_said_to_be_taken(
    tmp_path: Path, ray_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "_SYNC_EVERY", 0.0)
    board = TrialBoard()
    notes: set[str] = set()
    monkeypatch.setattr(board, "describe", notes.add)
    one_by_one = tune.TuneConfig(num_samples=2, max_concurrent_trials=1)
    fit(tmp_path, BoardCallback(board), quick, param_space={"x": 1}, tune_config=one_by_one)
    assert any("CPU" in note for note in notes)
    assert not any("waiting" in note for note in notes)


def test_that_trials_wait_is_said_once_none_has_started_for_ten_seconds(
    ray_session: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(callback, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(ray, "available_resources", dict)
    # These trials have no folder.
    monkeypatch.setattr(
        BoardCallback, "_add", lambda own, trial: own.board.add(trial.trial_id, name="")
    )
    board = TrialBoard()
    own = BoardCallback(board)
    own.setup()
    # Each has ended before Tune's next step: no look finds one that runs.
    trials = [Trial("train", trial_id=f"t{i}", stub=True) for i in range(10)]

    for trial in trials:
        trial.placement_group_factory = tune.PlacementGroupFactory([{"CPU": 1}])

    def note_after(seconds: float) -> str:
        clock.now += seconds
        own.on_step_end(trials=trials)
        return board.snapshot().note

    for trial in trials:
        own.on_trial_start(trials=trials, trial=trial)
        assert "waiting" not in note_after(9.0)
    assert "waiting for 1 CPU" in note_after(2.0)


def test_a_trial_can_be_stopped_alone(tmp_path: Path, ray_session: None) -> None:
    board = TrialBoard()
    own = BoardCallback(board)

    class StopEach(tune.Callback):
        def on_trial_result(self, *_: Any, trial: Any, **__: Any) -> None:
            own.stop_trial(trial.trial_id)

        def __getstate__(self) -> dict[str, Any]:
            return {}

    notes: list[str] = []
    board.on_end(lambda: notes.append(board.snapshot().note))
    config = run_config(tmp_path, callbacks=[own, StopEach()])
    results = tune.Tuner(endless, run_config=config).fit()
    assert results.num_errors == 0
    (trial,) = board.snapshot().trials
    assert trial.state == "done"
    assert trial.iteration < 100
    assert notes == [""], "resources are in use only while the search runs"
