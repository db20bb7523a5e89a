"""An experiment's folder: its trials with their configs, results, states and errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tune_wandb_nb.tracking.history.tune_experiment import (
    experiment_name,
    find_trial,
    local_copy,
    read_experiment,
)
from tune_wandb_nb.tracking.settings.settings import SettingsError


def write_trial(
    folder: Path, name: str, *, trial_id: str = "", iterations: int = 0, config: Any = None
) -> Path:
    """Write the folder of a trial as Tune does."""
    home = folder / name
    home.mkdir(parents=True)
    if config is not None:
        (home / "params.json").write_text(json.dumps(config))
    if iterations:
        rows = ({"trial_id": trial_id, "training_iteration": i + 1} for i in range(iterations))
        (home / "result.json").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return home


def write_state(folder: Path, *trials: dict[str, Any], start: str = "2026-01-01_00-00-00") -> Path:
    state = {"trial_data": [[json.dumps(trial), "{}"] for trial in trials]}
    file = folder / f"experiment_state-{start}.json"
    file.write_text(json.dumps(state))
    return file


def test_a_trial_is_read_from_its_folder_and_the_experiments_state(tmp_path: Path) -> None:
    home = write_trial(
        tmp_path, "train_ab_1_lr=0.1_2026", trial_id="ab_1", iterations=3, config={"lr": 0.1}
    )
    write_state(tmp_path, {"trial_id": "ab_1", "status": "TERMINATED"})
    (trial,) = read_experiment(tmp_path)
    assert (trial.trial_id, trial.name, trial.folder) == ("ab_1", "train_ab_1", home)
    assert (trial.config, trial.status, trial.is_over) == ({"lr": 0.1}, "TERMINATED", True)
    assert [result["training_iteration"] for result in trial.results()] == [1, 2, 3]


def test_trials_are_sorted_by_their_ids(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        write_trial(tmp_path, f"train_t{number}_x", trial_id=f"t{number}", iterations=1)
    assert [trial.trial_id for trial in read_experiment(tmp_path)] == ["t1", "t2", "t3"]


def test_a_name_of_the_users_own_is_kept(tmp_path: Path) -> None:
    write_trial(tmp_path, "mine_t1", config={})
    state = {"trial_id": "t1", "status": "ERROR", "custom_trial_name": "mine"}
    write_state(tmp_path, state)
    (trial,) = read_experiment(tmp_path)
    assert (trial.name, trial.is_over) == ("mine", True)


def test_of_two_ids_that_fit_the_longer_one_is_meant(tmp_path: Path) -> None:
    write_trial(tmp_path, "train_t1_2_x", config={})
    write_state(tmp_path, {"trial_id": "t1"}, {"trial_id": "t1_2", "status": "RUNNING"})
    (trial,) = read_experiment(tmp_path)
    assert (trial.trial_id, trial.status, trial.is_over) == ("t1_2", "RUNNING", False)


def test_the_newest_state_of_a_restored_search_counts(tmp_path: Path) -> None:
    write_trial(tmp_path, "train_t1_x", config={})
    write_state(tmp_path, {"trial_id": "t1", "status": "TERMINATED"}, start="2026-01-02_00-00-00")
    write_state(tmp_path, {"trial_id": "t1", "status": "RUNNING"})
    (trial,) = read_experiment(tmp_path)
    assert trial.status == "TERMINATED"


@pytest.mark.parametrize("content", ["", "{}", '{"trial_data": 3}', '{"trial_data": [["no", 1]]}'])
def test_a_state_that_is_being_written_is_done_without(tmp_path: Path, content: str) -> None:
    write_trial(tmp_path, "train_t1_x", trial_id="t1", iterations=2, config={"a": 1})
    (tmp_path / "experiment_state-2026-01-01_00-00-00.json").write_text(content)
    (trial,) = read_experiment(tmp_path)
    assert (trial.trial_id, trial.status, trial.config) == ("t1", "UNKNOWN", {"a": 1})


def test_a_config_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    for name, text in [("t1", "no JSON"), ("t2", "[1]")]:
        home = write_trial(tmp_path, f"train_{name}_x", trial_id=name, iterations=1)
        (home / "params.json").write_text(text)
    assert [trial.config for trial in read_experiment(tmp_path)] == [{}, {}]


def test_an_error_is_read_where_there_is_one(tmp_path: Path) -> None:
    home = write_trial(tmp_path, "train_t1_x", trial_id="t1", iterations=1)
    (trial,) = read_experiment(tmp_path)
    assert trial.error() == ""
    (home / "error.txt").write_text("Traceback\nValueError: no\n")
    assert trial.error() == "Traceback\nValueError: no"


def test_a_folder_of_experiments_is_refused_with_their_names(tmp_path: Path) -> None:
    for name in ("second", "first"):
        (tmp_path / name).mkdir()
        write_state(tmp_path / name)
    with pytest.raises(SettingsError, match="holds the experiments first, second: give one of"):
        read_experiment(tmp_path)


def test_a_folder_without_trials_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no trials of a Tune experiment\.$"):
        read_experiment(tmp_path)
    write_state(tmp_path, {"trial_id": "t1", "status": "PENDING"})
    assert read_experiment(tmp_path) == [], "a search that was stopped before its first trial"


def test_newer_results_are_taken_from_tunes_own_folder(tmp_path: Path) -> None:
    experiment, working = tmp_path / "experiment", tmp_path / "session"
    write_trial(experiment, "train_t1_x", trial_id="t1", iterations=2)
    newer = write_trial(working, "train_t1_x", trial_id="t1", iterations=4)
    trial = find_trial(read_experiment(experiment), str(newer), "t1")
    assert trial is not None
    assert [result["training_iteration"] for result in trial.results()] == [1, 2, 3, 4]
    assert trial.newer == newer


def test_a_trial_is_found_without_its_experiment(tmp_path: Path) -> None:
    home = write_trial(tmp_path, "train_t1_x", trial_id="t1", iterations=2)
    trial = find_trial([], str(home), "t1")
    assert trial is not None
    assert (trial.trial_id, trial.name, trial.status) == ("t1", "train_t1", "UNKNOWN")
    assert find_trial([], "", "t1") is None
    assert find_trial([], str(tmp_path / "gone"), "t1") is None


def test_a_local_folder_is_used_where_it_is(tmp_path: Path) -> None:
    with local_copy(str(tmp_path)) as folder:
        assert folder == tmp_path
    with (
        pytest.raises(SettingsError, match="there is no folder 'gone' of an experiment"),
        local_copy("gone"),
    ):
        pass


def test_a_remote_folder_is_downloaded_without_its_checkpoints(tmp_path: Path) -> None:
    source = tmp_path / "source"
    home = write_trial(source, "train_t1_x", trial_id="t1", iterations=2, config={"a": 1})
    write_state(source, {"trial_id": "t1", "status": "TERMINATED"})
    (home / "error.txt").write_text("ValueError: no")
    (home / "checkpoint_000000").mkdir()
    (home / "checkpoint_000000" / "weights").write_text("w")
    (source / "tuner.pkl").write_text("large")
    with local_copy(source.as_uri()) as folder:
        assert folder != source
        copied = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.*"))
        assert copied == [
            "experiment_state-2026-01-01_00-00-00.json",
            "train_t1_x/error.txt",
            "train_t1_x/params.json",
            "train_t1_x/result.json",
        ]
        (trial,) = read_experiment(folder)
        assert (trial.config, trial.error()) == ({"a": 1}, "ValueError: no")
    assert not folder.exists()


@pytest.mark.parametrize(
    "uri", ["nowhere://key-1:se/cret-2@bucket/a", "s3://key-1:se/cret-2@bucket/a?scheme=bad"]
)
def test_a_remote_folder_that_cannot_be_read_is_named_without_its_secrets(uri: str) -> None:
    with (
        pytest.raises(SettingsError, match=r"://bucket/a' cannot be read: ") as caught,
        local_copy(uri),
    ):
        pass
    assert "key" not in str(caught.value).replace("API key", "")
    assert "cret" not in str(caught.value).replace("secret", "")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/b", "b"), ("/a/b/", "b"), ("b", "b"), ("gs://bucket/a/b?x=/y", "b")],
)
def test_an_experiment_is_named_after_its_folder(path: str, name: str) -> None:
    assert experiment_name(path) == name
