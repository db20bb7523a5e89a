"""Whose checkpoint a trial goes on from: read off the folder that the checkpoint lies in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune import Checkpoint

from tune_wandb_nb.tracking.history.pbt import copied_from


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
