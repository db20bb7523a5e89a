"""Whose checkpoint a trial goes on from: read off the folder that the checkpoint lies in."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune import Checkpoint

from tune_wandb_nb.tracking.history.pbt import RecordedCopy, copied_from, recorded_copies


def trial(name: str, checkpoint_of: str | None, folder: Path) -> Any:
    """As much of Tune's trial as is asked for, with a real checkpoint."""
    checkpoint = None
    if checkpoint_of is not None:
        place = folder / checkpoint_of / "checkpoint_000001"
        place.mkdir(parents=True, exist_ok=True)
        checkpoint = Checkpoint(str(place))
    return SimpleNamespace(trial_id=name, path=str(folder / name), checkpoint=checkpoint)


@pytest.mark.parametrize(
    ("checkpoint_of", "source"),
    [(None, None), ("a", None), ("b", "b"), ("of another search", None)],
)
def test_the_trial_in_whose_folder_the_checkpoint_lies(
    tmp_path: Path, checkpoint_of: str | None, source: str | None
) -> None:
    trials = [trial("a", checkpoint_of, tmp_path), trial("b", "b", tmp_path)]
    assert copied_from(trials[0], trials) == source


def test_recorded_copies_are_a_trials_own_and_broken_lines_are_left_out(tmp_path: Path) -> None:
    first = ["1_lr=1", "2_lr=2", 4, 5, {"lr": 2}, {"lr": 4}]
    second = ["0_lr=0", "1_lr=1", 2, 7, {"lr": 4}, {"lr": 5}]
    (tmp_path / "pbt_policy_b.txt").write_text(json.dumps(first))
    lines = [json.dumps(first), '["0_lr', "7", '["0_lr=0", "1_lr=1"]', json.dumps(second)]
    (tmp_path / "pbt_policy_a.txt").write_text("\n".join(lines))
    tags = {"0_lr=0": "a", "1_lr=1": "b", "2_lr=2": "c"}
    assert recorded_copies(tmp_path, tags) == {
        "a": [RecordedCopy("b", {"lr": 5})],
        "b": [RecordedCopy("c", {"lr": 4})],
    }
    assert recorded_copies(tmp_path / "elsewhere", tags) == {}
