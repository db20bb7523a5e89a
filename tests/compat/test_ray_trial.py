"""What a trial's process uses of Ray and Tune without their promise, in real trials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.tune import result as tunes_names
from ray.tune.trainable import FunctionTrainable

from tests.searches import RunSearch
from tune_wandb_nb.compat import ray_trial as compat
from tune_wandb_nb.compat.ray import inherit_from
from tune_wandb_nb.compat.ray_trial import (
    TuneSession,
    add_base,
    calling_trainable,
    experiment_of,
    has_returned,
    last_result_of,
    original_folder,
    storage_of,
    train_context,
    training_thread,
    trial_names,
    tune_session,
    without_tunes_entries,
)

CONTEXT = """
import sys
from ray.train.v2._internal.execution import context
from tune_wandb_nb.compat.ray_trial import train_context

class Context:
    pass

assert callable(context.TrainContext.get_world_rank)
assert callable(context.TrainContext.get_experiment_name)
outside = train_context()
there = Context()
context.get_train_context = lambda: there
print(outside, train_context() is there)
"""


def facts_of_a_function(config: dict[str, Any]) -> None:
    trainable, session = calling_trainable(), tune_session()
    for _ in range(2):
        tune.report(
            {
                "names": [trainable.trial_id, trainable.trial_name],
                "session": [session.trial_id, session.trial_name, session.experiment],
                "rank": session.rank,
                "experiment": experiment_of(storage_of(trainable)),
                "last": last_result_of(trainable).get("training_iteration"),
                "is_in_its_thread": training_thread() is threading.current_thread(),
                "folder": original_folder(os.environ),
                "config_keys": sorted(config),
            }
        )


@pytest.fixture(scope="module")
def reported() -> dict[str, Any]:
    return {}


@pytest.fixture
def function_trial(run_search: RunSearch, reported: dict[str, Any]) -> dict[str, Any]:
    """What a function has seen of its trial, at its second report."""
    if not reported:
        (result,) = run_search(facts_of_a_function, {"x": 1})
        assert result.error is None
        reported |= result.metrics
    return reported


def test_a_function_is_called_by_its_trainable(function_trial: dict[str, Any]) -> None:
    trial_id, name = function_trial["names"]
    assert trial_id == function_trial["trial_id"]
    assert name.endswith(trial_id)


def test_the_session_of_a_function_has_the_trials_names(function_trial: dict[str, Any]) -> None:
    assert function_trial["session"] == [*function_trial["names"], "experiment"]
    assert function_trial["rank"] == 0


def test_a_function_runs_in_the_sessions_thread(function_trial: dict[str, Any]) -> None:
    assert function_trial["is_in_its_thread"]


def test_a_trainable_has_its_storage_and_its_last_result(function_trial: dict[str, Any]) -> None:
    assert function_trial["experiment"] == "experiment"
    assert function_trial["last"] == 1


def test_tune_keeps_the_folder_from_which_it_has_changed(function_trial: dict[str, Any]) -> None:
    assert function_trial["folder"]
    assert Path(function_trial["folder"]).is_dir()


def test_tune_takes_its_entries_out_of_a_functions_config(function_trial: dict[str, Any]) -> None:
    assert function_trial["config_keys"] == ["x"]


class OfAClass(tune.Trainable):
    """Reports what its constructor was handed."""

    def __init__(self, config: Any = None, *args: Any, **kwargs: Any) -> None:
        self.names = trial_names(config)
        self.entries = sorted(set(config) - set(without_tunes_entries(config)))
        self.storage = args[0] if args else kwargs.get("storage")
        super().__init__(config, *args, **kwargs)

    def step(self) -> dict[str, Any]:
        return {
            "names": self.names,
            "entries": self.entries,
            "experiment": experiment_of(self.storage),
            "is_its_own": self.storage is storage_of(self),
            "done": self.iteration == 1,
        }

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Tune saves one at the end; there is nothing to save."""


def test_the_constructor_of_a_class_is_handed_the_trials_names(run_search: RunSearch) -> None:
    (result,) = run_search(OfAClass, {"x": 1})
    assert result.error is None
    trial_id, name = result.metrics["names"]
    assert trial_id == result.metrics["trial_id"]
    assert name.endswith(trial_id)
    assert "__trial_info__" in result.metrics["entries"]
    assert result.metrics["experiment"] == "experiment"
    assert result.metrics["is_its_own"]


def test_the_end_of_a_function_is_told_by_its_result(run_search: RunSearch, tmp_path: Path) -> None:
    told = tmp_path / "told"

    class Looks:
        def step(self) -> Any:
            result = super().step()  # type: ignore[misc]
            with told.open("a") as file:
                print(has_returned(result), file=file)
            return result

    def function(config: dict[str, Any]) -> None:
        for i in range(2):
            tune.report({"value": i})

    inherit_from(function, Looks)
    run_search(function, {})
    assert told.read_text().split() == ["False", "False", "True"]


@pytest.mark.parametrize(
    ("ours", "tunes"),
    [
        pytest.param(compat._RETURNED, "RESULT_DUPLICATE", id="returned"),
        pytest.param(compat._INFO, "TRIAL_INFO", id="info"),
    ],
)
def test_the_marks_are_called_as_tune_calls_them(ours: str, tunes: str) -> None:
    assert getattr(tunes_names, tunes) == ours


def test_all_entries_that_tune_adds_to_a_config_are_taken_out() -> None:
    names = [tunes_names.TRIAL_INFO, tunes_names.STDOUT_FILE, tunes_names.STDERR_FILE]
    assert without_tunes_entries(dict.fromkeys([*names, "x"])) == {"x": None}


def test_outside_of_a_trial_there_is_nothing() -> None:
    assert tune_session() == TuneSession()
    assert training_thread() is None
    assert calling_trainable() is None
    assert trial_names({}) == (None, None)
    assert experiment_of(storage_of(object())) is None
    assert last_result_of(object()) == {}
    assert original_folder({}) is None


def test_an_object_gets_a_base_before_its_own_class() -> None:
    class Marked:
        pass

    trainable: Any = FunctionTrainable.__new__(FunctionTrainable)
    add_base(trainable, Marked)
    assert isinstance(trainable, Marked)
    assert [kind.__name__ for kind in type(trainable).__mro__[:3]] == [
        "FunctionTrainable",
        "Marked",
        "FunctionTrainable",
    ]


def test_the_context_of_ray_trains_workers(tmp_path: Path) -> None:
    pytest.importorskip("ray.train.v2", reason="this Ray Train has no second version")
    done = subprocess.run(
        [sys.executable, "-c", CONTEXT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RAY_TRAIN_V2_ENABLED": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["None", "True"], done.stderr


def test_where_ray_train_is_not_loaded_there_is_no_context(tmp_path: Path) -> None:
    code = (
        "import json, sys; from tune_wandb_nb.compat.ray_trial import train_context, tune_session;"
        "print(json.dumps([train_context(), tune_session().rank, 'ray' in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [None, 0, False]
    assert train_context() is None
