"""What Tune's thread holds of a trial: a changed config becomes a row, with its source once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ray.tune import Checkpoint

from tests.tracking.runs.plans import offline_plan
from tune_wandb_nb.tracking.driver.remote_trials import RemoteTrial
from tune_wandb_nb.tracking.driver.trials import TrackedTrial
from tune_wandb_nb.tracking.history.trial_source import TrialSource
from tune_wandb_nb.tracking.results.rows import RowRules, TrialRows


def tracked(folder: Path) -> TrackedTrial:
    rows = TrialRows(RowRules.of((), log_config=True, best={}), {"lr": 0.1})
    run = RemoteTrial("a", "train_a", offline_plan(folder, "a"))
    return TrackedTrial(run, rows, source=TrialSource(str(folder)))


def trial(name: str, folder: Path, lr: float, checkpoint_of: str) -> Any:
    """As much of Tune's trial as is asked for."""
    place = folder / checkpoint_of / "checkpoint_000001"
    place.mkdir(parents=True, exist_ok=True)
    return SimpleNamespace(
        trial_id=name,
        path=str(folder / name),
        config={"lr": lr},
        checkpoint=Checkpoint(str(place)),
        last_result={"training_iteration": 4},
    )


def test_an_exploit_is_noted_once_with_the_new_hyperparameters(tmp_path: Path) -> None:
    one = tracked(tmp_path)
    trials = [trial("a", tmp_path, 0.2, "b"), trial("b", tmp_path, 0.2, "b")]
    row = one.config_change(trials[0], trials)()
    assert row is not None
    assert row.config == {"lr": 0.2, "initial/lr": 0.1}
    assert row.summary == {"tune/exploited": "b after iteration 4"}
    assert one.config_change(trials[0], trials)() is None, "it starts from the same one again"


def test_the_config_is_copied_at_once(tmp_path: Path) -> None:
    one = tracked(tmp_path)
    changing = trial("a", tmp_path, 0.2, "a")
    make = one.config_change(changing, [changing])
    changing.config["lr"] = 0.9
    row = make()
    assert row is not None
    assert row.config["lr"] == 0.2


def test_a_restored_search_gets_the_rows_state_and_the_folder(tmp_path: Path) -> None:
    one = tracked(tmp_path)
    assert one.state() == {**one.rows.state(), "folder": str(tmp_path)}
    assert one.stats is one.run.stats
