"""Tune's files of an experiment, recorded on a board."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.recorded import START, losses, write_state, write_trial
from tune_wandb_nb import SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.board.snapshot import TrialView
from tune_wandb_nb.tuning.recorded.recorded_search import RecordedSearch


def recorded(folder: Path) -> tuple[TrialBoard, RecordedSearch]:
    board = TrialBoard()
    search = RecordedSearch(board, folder, str(folder))
    search.update()
    return board, search


def trial_of(board: TrialBoard, trial_id: str) -> TrialView:
    return next(trial for trial in board.snapshot().trials if trial.trial_id == trial_id)


def test_results_states_errors_and_times(tmp_path: Path) -> None:
    write_trial(tmp_path, "a", *losses(3.0, 2.0, 1.0), lr=0.1)
    write_trial(tmp_path, "b", *losses(4.0), lr=0.2, error="ValueError: no")
    write_state(tmp_path, a="TERMINATED", b="ERROR")
    board, search = recorded(tmp_path)
    first, second = trial_of(board, "a"), trial_of(board, "b")
    assert (first.state, first.params) == ("done", {"lr": 0.1})
    assert first.curves["loss"].values.tolist() == [3, 2, 1]
    (span,) = first.spans
    assert (span.start, span.end, span.worker) == (START, START + 3, "10.0.0.1 7")
    assert first.folder == str(tmp_path / "train_a_x")
    assert (second.state, second.error) == ("failed", "ValueError: no")
    assert board.snapshot().metric == "loss"
    assert (search.started, search.last_result) == (START - 5, START + 3)
    assert search.is_over


def test_only_what_is_new_is_recorded_again(tmp_path: Path) -> None:
    write_trial(tmp_path, "a", *losses(3.0, 2.0))
    write_state(tmp_path, a="PENDING")
    board, search = recorded(tmp_path)
    assert trial_of(board, "a").state == "running", "Tune writes its state seldom"
    assert search.update() is False
    write_trial(tmp_path, "a", *losses(3.0, 2.0, 1.0))
    write_trial(tmp_path, "b", *losses(9.0))
    write_state(tmp_path, a="TERMINATED", b="RUNNING")
    assert search.update() is True
    assert trial_of(board, "a").curves["loss"].values.tolist() == [3, 2, 1]
    assert trial_of(board, "b").state == "running"
    assert not search.is_over


def test_a_restored_trial_repeats_an_iteration(tmp_path: Path) -> None:
    write_trial(tmp_path, "a", *losses(3.0, 2.0, 1.0))
    board, search = recorded(tmp_path)
    again = {"training_iteration": 2, "loss": 0.5, "timestamp": START + 60, "pid": 9}
    write_trial(tmp_path, "a", *losses(3.0, 2.0, 1.0), again)
    search.update()
    trial = trial_of(board, "a")
    assert trial.curves["loss"].values.tolist() == [3, 0.5]
    assert [span.worker for span in trial.spans] == ["10.0.0.1 7", "10.0.0.1 9"]


def test_population_based_training_has_its_changes(tmp_path: Path) -> None:
    rows = [{**row, "config": {"lr": 0.1 * (i + 1)}} for i, row in enumerate(losses(3.0, 2.0))]
    write_trial(tmp_path, "a", *rows, lr=0.1)
    board, _ = recorded(tmp_path)
    (change,) = board.snapshot().perturbations
    assert (change.before, change.params) == ({"lr": 0.1}, {"lr": 0.2})


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[1, 2]\n3\n",
        '{"training_iteration": NaN, "time_total_s": Infinity, "timestamp": "x", "loss": "no"}\n',
        '{"training_iteration": "three", "loss": {"a": [1, {"b": null}]}, "config": 3}\n',
        '{"training_iteration": 1e400, "timestamp": 1e400}\n\x00\xff',
    ],
)
def test_files_that_are_half_written_or_broken_break_nothing(tmp_path: Path, broken: str) -> None:
    home = write_trial(tmp_path, "a", *losses(3.0))
    (home / "result.json").write_text(broken, encoding="latin-1")
    (home / "params.json").write_text(broken, encoding="latin-1")
    (tmp_path / "tune_wandb_nb.json").write_text(broken, encoding="latin-1")
    write_trial(tmp_path, "b", *losses(1.0))
    write_state(tmp_path, a="RUNNING", b="TERMINATED")
    board, _ = recorded(tmp_path)
    assert trial_of(board, "b").metrics == {"loss": 1}
    assert trial_of(board, "a").state in ("pending", "running")


def test_without_tunes_state_the_folders_of_the_trials_are_enough(tmp_path: Path) -> None:
    write_trial(tmp_path, "a", *losses(3.0), error="ValueError: no")
    board, search = recorded(tmp_path)
    assert trial_of(board, "a").state == "failed"
    assert search.started == START


def test_a_folder_that_is_no_experiment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no trials of a Tune experiment"):
        recorded(tmp_path)


def test_several_experiments_on_one_board(tmp_path: Path) -> None:
    board = TrialBoard("loss", "min")
    for name in ("adam", "sgd"):
        write_trial(tmp_path / name, "a", *losses(3.0))
        RecordedSearch(board, tmp_path / name, f"s3://bucket/{name}?region=eu", name).update()
    trials = board.snapshot().trials
    assert [(t.trial_id, t.experiment) for t in trials] == [("adam/a", "adam"), ("sgd/a", "sgd")]
    assert trials[0].folder == "s3://bucket/adam/train_a_x"


def test_a_description_gives_the_objectives_and_the_types(tmp_path: Path) -> None:
    write_trial(tmp_path, "a", *losses(3.0), batch=16)
    write_state(tmp_path, a="TERMINATED")
    described = {
        "objectives": [["loss", "min"], ["latency", "max"]],
        "params": {"batch": {"values": [16, 32], "log": False, "integer": False}},
    }
    (tmp_path / "tune_wandb_nb.json").write_text(json.dumps(described))
    snapshot = recorded(tmp_path)[0].snapshot()
    assert [o.mode for o in snapshot.objectives] == ["min", "max"]
    assert snapshot.types["batch"].values == (16, 32)


def test_population_based_training_has_its_lineage(tmp_path: Path) -> None:
    rows = [
        {**row, "config": {"lr": lr}} for row, lr in zip(losses(3, 2, 1), (1, 1, 4), strict=True)
    ]
    write_trial(tmp_path, "a", *rows, lr=1)
    write_trial(tmp_path, "b", *losses(1.0, 0.5), lr=2)
    policy = ["0_lr=1", "1_lr=2", 2, 2, {"lr": 2}, {"lr": 4}]
    unseen = ["0_lr=1", "0_lr=1", 1, 1, {"lr": 1}, {"lr": 3}]
    lines = "".join(f"{json.dumps(line)}\n" for line in (unseen, policy))
    (tmp_path / "pbt_policy_a.txt").write_text(lines)
    tags = {"a": "0_lr=1@perturbed[lr=4]", "b": "1_lr=2"}
    write_state(tmp_path, tags=tags, a="TERMINATED", b="TERMINATED")
    board, _ = recorded(tmp_path)
    (change,) = board.snapshot().perturbations
    assert (change.trial_id, change.copied_from, change.params) == ("a", "b", {"lr": 4})
    together = TrialBoard()
    RecordedSearch(together, tmp_path, str(tmp_path), "first").update()
    (change,) = together.snapshot().perturbations
    assert (change.trial_id, change.copied_from) == ("first/a", "first/b")
