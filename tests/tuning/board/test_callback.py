"""Tune's hooks, recorded on a board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle, tune

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
