"""Which checkpoints of a trial are logged, and under which aliases."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import wandb

from tune_wandb_nb.tracking.results.checkpoints import CheckpointChoice, SavedCheckpoint


def saved(iteration: int, loss: object) -> SavedCheckpoint:
    metrics = {} if loss is None else {"loss": loss}
    return SavedCheckpoint(f"c{iteration}", "local", iteration, metrics)


def logged(
    which: bool | str, losses: list[object], best: tuple[str, str] | None
) -> tuple[list[tuple[str, bool]], tuple[str, bool] | None]:
    """Return what is logged under way and at the end: its path, and whether it is called best."""
    choice = CheckpointChoice(which, best)
    taken = [choice.add(saved(i, loss)) for i, loss in enumerate(losses, start=1)]
    rest = choice.final()
    assert choice.final() is None
    now = [(each.path, each.is_best) for each in taken if each is not None]
    return now, None if rest is None else (rest.path, rest.is_best)


@pytest.mark.parametrize(
    ("which", "losses", "best", "now", "at_the_end"),
    [
        (True, [3, 1, 2], None, [("c1", False), ("c2", False), ("c3", False)], None),
        (True, [3, 1, 2], ("loss", "min"), [("c1", True), ("c2", True), ("c3", False)], None),
        ("last", [3, 1, 2], None, [], ("c3", False)),
        ("last", [3, 1], ("loss", "min"), [], ("c2", True)),
        ("best", [3, 1, 2], ("loss", "min"), [], ("c2", True)),
        ("best", [3, 1, 2], ("loss", "max"), [], ("c1", True)),
        ("best", [math.nan, 2, math.nan], ("loss", "min"), [], ("c2", True)),
        ("best", [None, "text"], ("loss", "min"), [], None),
        (False, [1], None, [], None),
    ],
)
def test_a_choice(
    which: bool | str,
    losses: list[object],
    best: tuple[str, str] | None,
    now: list[tuple[str, bool]],
    at_the_end: tuple[str, bool] | None,
) -> None:
    if which is False:
        assert CheckpointChoice(which, best).is_none
        return
    assert logged(which, losses, best) == (now, at_the_end)


class Run:
    """As much of a W&B run as an artifact is given to."""

    def __init__(self) -> None:
        self.logged: list[tuple[wandb.Artifact, list[str]]] = []

    def log_artifact(self, artifact: wandb.Artifact, aliases: list[str]) -> None:
        self.logged.append((artifact, aliases))


def test_tunes_checkpoint_is_described_with_the_numbers_of_its_result() -> None:
    checkpoint: Any = SimpleNamespace(path="bucket/c", filesystem=SimpleNamespace(type_name="s3"))
    result = {"loss": 0.5, "training_iteration": 7, "phase": "a", "config": {"lr": 1}}
    expected = SavedCheckpoint("bucket/c", "s3", 7, {"loss": 0.5, "training_iteration": 7})
    assert SavedCheckpoint.of(checkpoint, result) == expected


def test_local_files_become_an_artifact(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("w")
    run = Run()
    SavedCheckpoint(str(tmp_path), "local", 3, {"loss": 0.5}, is_best=True).log(run, "train_1/lr=ä")
    ((artifact, aliases),) = run.logged
    assert (artifact.name, artifact.type) == ("checkpoint_train_1-lr--", "model")
    assert list(artifact.manifest.entries) == ["weights"]
    assert artifact.metadata == {"loss": 0.5}
    assert aliases == ["latest", "iter-3", "best"]


def test_a_checkpoint_in_a_bucket_is_referred_to() -> None:
    run = Run()
    SavedCheckpoint("bucket/c", "s3", 1).log(run, "t")
    ((artifact, aliases),) = run.logged
    assert artifact.manifest.entries["checkpoint"].ref == "s3://bucket/c"
    assert aliases == ["latest", "iter-1"]


def test_a_checkpoint_that_w_and_b_cannot_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="storage of type 'hdfs' cannot be referred to"):
        SavedCheckpoint("c", "hdfs", 1).log(Run(), "t")
