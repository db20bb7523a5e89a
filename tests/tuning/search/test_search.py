from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ray import tune

from tests.trainable_functions import endless, failing, quick, run_config
from tune_wandb_nb.tuning.search.search import Search, SearchError

pytestmark = pytest.mark.usefixtures("ray_session")


class Watch(tune.Callback):
    """Tells a test what happens, instead of letting it sleep."""

    def __init__(self) -> None:
        self.results = threading.Event()
        self.seen: set[str] = set()
        self.ended = 0

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def on_trial_result(
        self, iteration: int, trials: Any, trial: Any, result: Any, **_: Any
    ) -> None:
        self.seen.add(trial.trial_id)
        if len(self.seen) == len(trials):
            self.results.set()

    def again(self) -> None:
        """Wait anew for a result of every trial."""
        self.seen.clear()
        self.results.clear()

    def on_experiment_end(self, trials: Any, **_: Any) -> None:
        self.ended += 1


@pytest.fixture
def new_search() -> Iterator[Callable[..., Search]]:
    """Make searches; none outlives its test, whatever happens in it."""
    made: list[Search] = []

    def make(trainable: Any, **given: Any) -> Search:
        made.append(Search(trainable, **given))
        return made[-1]

    yield make
    for search in made:
        search.stop()
        if search.status != "new":
            with contextlib.suppress(Exception):
                search.wait(60)


def states(search: Search) -> dict[str, int]:
    return {state: count for state, count in search.board.snapshot().counts.items() if count}


def test_a_search_runs_in_the_background_with_everything_the_user_passed(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    watch = Watch()
    config = run_config(tmp_path, stop={"training_iteration": 2}, callbacks=[watch], name="mine")
    search = new_search(
        quick,
        param_space={"x": tune.grid_search([1, 2, 3])},
        tune_config=tune.TuneConfig(metric="score", mode="max"),
        run_config=config,
    )
    assert (search.status, search.results, search.path) == ("new", None, None)
    search.start()
    results = search.wait()
    assert search.status == "finished"
    assert search.results is results
    assert search.path == str(tmp_path / "mine")
    assert [r.metrics["training_iteration"] for r in results] == [2, 2, 2]
    assert results.get_best_result().config == {"x": 3}
    assert watch.ended == 1
    assert config.callbacks == [watch]
    snapshot = search.board.snapshot()
    assert (snapshot.expected, states(search)) == (3, {"done": 3})
    assert snapshot.best is not None
    assert snapshot.best.params == {"x": 3}
    assert search.wait() is results


def test_stop_ends_it_and_resume_goes_on(tmp_path: Path, new_search: Callable[..., Search]) -> None:
    watch = Watch()
    search = new_search(
        endless,
        tune_config=tune.TuneConfig(num_samples=2),
        run_config=run_config(tmp_path, callbacks=[watch]),
    )
    search.start()
    assert watch.results.wait(60)
    search.stop()
    assert search.status in ("stopping", "stopped")
    results = search.wait(60)
    assert search.status == "stopped"
    assert watch.ended == 1
    assert len(results) == 2
    assert states(search) == {"stopped": 2}
    ids = {t.trial_id for t in search.board.snapshot().trials}

    watch.again()
    search.resume()
    assert watch.results.wait(60)
    assert states(search) == {"running": 2}
    assert {t.trial_id for t in search.board.snapshot().trials} == ids
    search.stop()
    search.wait(60)
    assert watch.ended == 2


def test_resume_from_the_folder_of_an_earlier_experiment(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    watch = Watch()
    first = new_search(endless, run_config=run_config(tmp_path, callbacks=[watch], name="first"))
    first.start()
    assert watch.results.wait(60)
    first.stop()
    first.wait(60)

    again = Watch()
    second = new_search(endless, run_config=run_config(tmp_path, callbacks=[again]))
    second.resume(tmp_path / "first")
    assert again.results.wait(60)
    second.stop_trial(second.board.snapshot().trials[0].trial_id)
    results = second.wait(60)
    assert second.status == "finished"
    assert results.experiment_path == str(tmp_path / "first")


def test_one_trial_can_be_stopped(tmp_path: Path, new_search: Callable[..., Search]) -> None:
    watch = Watch()
    search = new_search(
        endless,
        tune_config=tune.TuneConfig(num_samples=2),
        run_config=run_config(tmp_path, callbacks=[watch]),
    )
    search.start()
    assert watch.results.wait(60)
    for trial in search.board.snapshot().trials:
        search.stop_trial(trial.trial_id)
    search.wait(60)
    assert (search.status, states(search)) == ("finished", {"done": 2})


def test_a_failed_trial_fails_with_its_traceback_and_the_search_goes_on(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    search = new_search(failing, run_config=run_config(tmp_path))
    search.start()
    assert search.wait(60).num_errors == 1
    assert (search.status, search.error) == ("finished", None)
    (trial,) = search.board.snapshot().trials
    assert trial.state == "failed"
    assert 'ValueError: no <script>alert("luck")</script>' in (trial.error or "")


def test_an_error_of_the_search_itself_is_raised_by_wait(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    class Broken(tune.Callback):
        def on_trial_result(self, *_: Any, **__: Any) -> None:
            raise ZeroDivisionError("a user's callback")

    search = new_search(
        quick, param_space={"x": 1}, run_config=run_config(tmp_path, callbacks=[Broken()])
    )
    search.start()
    with pytest.raises(Exception, match="a user's callback"):
        search.wait(60)
    assert search.status == "failed"
    assert "a user's callback" in str(search.error)
    assert "a user's callback" in (search.board.snapshot().error or "")


def test_what_cannot_be_done_says_what_can(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    watch = Watch()
    search = new_search(endless, run_config=run_config(tmp_path, callbacks=[watch]))
    with pytest.raises(SearchError, match=r"call start\(\) before wait"):
        search.wait()
    with pytest.raises(SearchError, match="nothing to resume"):
        search.resume()
    with pytest.raises(SearchError, match="this one is new"):
        search.stop_trial("x")
    search.start()
    with pytest.raises(SearchError, match="starts once, but this one is running"):
        search.start()
    with pytest.raises(SearchError, match=r"stop\(\) and wait\(\) first"):
        search.resume()
    assert watch.results.wait(60)
    with pytest.raises(TimeoutError, match="still runs after 0 s"):
        search.wait(0)
    search.stop()
    search.wait(60)


def test_population_based_training_shows_who_copied_whom(
    tmp_path: Path, new_search: Callable[..., Search]
) -> None:
    def train(config: dict[str, Any]) -> None:
        import tempfile

        for i in range(20):
            with tempfile.TemporaryDirectory() as folder:
                tune.report(
                    {"score": config["lr"] * i}, checkpoint=tune.Checkpoint.from_directory(folder)
                )

    scheduler = tune.schedulers.PopulationBasedTraining(
        time_attr="training_iteration",
        perturbation_interval=2,
        hyperparam_mutations={"lr": [0.1, 1.0, 10.0]},
        synch=True,
    )
    search = new_search(
        train,
        param_space={"lr": tune.grid_search([0.1, 10.0])},
        tune_config=tune.TuneConfig(
            metric="score", mode="max", scheduler=scheduler, reuse_actors=True
        ),
        run_config=run_config(tmp_path, stop={"training_iteration": 12}),
    )
    search.start()
    search.wait(120)
    snapshot = search.board.snapshot()
    ids = {t.trial_id for t in snapshot.trials}
    copies = [p for p in snapshot.perturbations if p.copied_from]
    assert copies
    assert all(p.copied_from in ids - {p.trial_id} for p in copies)
