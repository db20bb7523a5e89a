"""Where Tune keeps a trial's files: asked of a trial of a real search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import Callback

from tests.searches import RunSearch
from tune_wandb_nb.tracking.history.trial_source import TrialSource


def train(config: dict[str, Any]) -> None:
    tune.report({"loss": 1.0})


class Sources(Callback):
    def __init__(self) -> None:
        self.found: list[TrialSource] = []

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        self.found.append(TrialSource.of(trial, earlier="/earlier"))


def test_it_names_the_folders_of_a_trial(run_search: RunSearch, tmp_path: Path) -> None:
    sources = Sources()
    results = run_search(train, {"a": 1}, callbacks=[sources])
    (source,) = sources.found
    assert source.experiment == str(tmp_path / "ray" / "experiment") == results.experiment_path
    earlier, newest = source.files
    assert earlier == Path("/earlier/result.json")
    assert newest.parent.name == Path(results[0].path).name
    assert newest.exists()


def test_what_is_unknown_has_no_files() -> None:
    assert TrialSource().files == ()
    assert TrialSource(earlier="/a").files == (Path("/a/result.json"),)
