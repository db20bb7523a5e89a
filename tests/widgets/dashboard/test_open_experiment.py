"""Dashboards of experiments in folders: finished, crashed, growing, several at once."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray import tune

import tune_wandb_nb as tw
from tests.recorded import losses, write_state, write_trial
from tests.trainable_functions import quick, resumable, run_config
from tests.widgets.dashboard.page import Page
from tune_wandb_nb import Dashboard, Experiment, SettingsError
from tune_wandb_nb.widgets.dashboard import open_experiment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "digits"
    write_trial(home, "a", *losses(3.0, 2.0), lr=0.1)
    write_trial(home, "b", *losses(1.0), lr=0.01)
    write_state(home, a="TERMINATED", b="TERMINATED")
    return home


def test_a_finished_experiment(folder: Path) -> None:
    dashboard = Dashboard.open(folder, mode="min")
    snapshot = dashboard.board.snapshot()
    assert repr(dashboard) == "<Dashboard: finished, 2 trials>"
    assert (snapshot.name, snapshot.metric, snapshot.mode) == ("digits", "loss", None)
    best = Dashboard.open(str(folder), metric="loss", mode="min").board.snapshot().best
    assert best is not None
    assert best.trial_id == "b"


def test_a_crashed_experiment_says_that_trials_have_not_ended(folder: Path) -> None:
    write_state(folder, a="RUNNING", b="TERMINATED")
    snapshot = Dashboard.open(folder).board.snapshot()
    assert snapshot.counts["stopped"] == 1
    assert "have not ended" in snapshot.note


def test_the_page_of_an_opened_experiment_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard = Dashboard.open(folder)
    page = Page(dashboard.view, monkeypatch)
    page.ask()
    assert (page.search["canStop"], page.search["canStopTrials"]) == (False, False)
    assert page.trials["a"]["folder"] == "train_a_x"
    assert page.search["folder"] == str(folder)
    page.say({"kind": "stop-trial", "id": "a"})
    page.say({"kind": "stop"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("gone", "there is no folder 'gone' of an experiment"),
        ("nowhere://bucket/a", "'nowhere://bucket/a' cannot be read"),
        (3, "opened by the path or URI of its folder, .* but it is a int"),
    ],
)
def test_what_is_no_experiment_is_refused(given: Any, words: str) -> None:
    for follow in (False, True):
        with pytest.raises(SettingsError, match=words):
            Dashboard.open(given, follow=follow)


def test_a_folder_of_experiments_names_them(folder: Path) -> None:
    with pytest.raises(SettingsError, match="it holds the experiments digits: give one of them"):
        Dashboard.open(folder.parent)


def test_several_experiments_in_one(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "else" / "digits"
    write_trial(other, "a", *losses(0.5), lr=1.0)
    board = tw.compare(folder, other, metric="loss", mode="min").board
    snapshot = board.snapshot()
    assert snapshot.name == "digits, digits (2)"
    assert snapshot.best is not None
    assert (snapshot.best.trial_id, snapshot.best.experiment) == ("digits (2)/a", "digits (2)")
    with pytest.raises(SettingsError, match="at least one experiment, but got none"):
        tw.compare()


class TestFollow:
    @pytest.fixture(autouse=True)
    def _fast(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(open_experiment, "_LOCAL_EVERY", 0.02)
        monkeypatch.setattr(open_experiment, "_QUIET", 0.1)

    def test_a_search_that_runs_elsewhere(self, folder: Path) -> None:
        write_state(folder, a="RUNNING", b="TERMINATED")
        dashboard = Dashboard.open(folder, follow=True, metric="loss", mode="min")
        ended: queue.Queue[None] = queue.Queue()
        dashboard.board.on_end(lambda: ended.put(None))
        assert dashboard.board.snapshot().ended is None
        write_trial(folder, "a", *losses(3.0, 2.0, 0.5), lr=0.1)
        write_state(folder, a="TERMINATED", b="TERMINATED")
        ended.get(timeout=60)
        snapshot = dashboard.board.snapshot()
        assert snapshot.best is not None
        assert (snapshot.best.trial_id, snapshot.best.iteration) == ("a", 3)
        assert dashboard.settle(60)

    def test_a_folder_that_goes_away_is_said_and_closing_ends_it(self, folder: Path) -> None:
        write_state(folder, a="RUNNING", b="RUNNING")
        dashboard = Dashboard.open(folder, follow=True)
        said: queue.Queue[str] = queue.Queue()
        ended: queue.Queue[None] = queue.Queue()
        dashboard.board.on_end(lambda: ended.put(None))
        dashboard.notice.observe(lambda change: said.put(change["new"]), "value")
        folder.rename(folder.with_name("moved"))
        assert "there is no folder" in said.get(timeout=60)
        dashboard.close()
        ended.get(timeout=60)


@pytest.mark.usefixtures("ray_session")
class TestWithTune:
    def test_a_result_grid_and_what_a_dashboard_has_described(self, tmp_path: Path) -> None:
        space = {"x": tune.grid_search([1, 2]), "lr": tune.loguniform(1e-4, 1e-1)}
        first = Dashboard(metric="score", mode="max", param_space=space)
        tuner = tune.Tuner(
            quick,
            param_space=space,
            run_config=run_config(tmp_path, name="mine", callbacks=[first.callback]),
        )
        results = tuner.fit()
        before = first.board.snapshot()
        for given in (results, tmp_path / "mine", (tmp_path / "mine").as_uri()):
            snapshot = Dashboard.open(given).board.snapshot()
            assert snapshot.objectives == before.objectives
            assert snapshot.types == before.types
            found = {t.trial_id: (t.name, t.state, t.metrics, t.params) for t in snapshot.trials}
            assert found == {
                t.trial_id: (t.name, t.state, t.metrics, t.params) for t in before.trials
            }

    def test_a_search_that_is_resumed_in_a_new_kernel_has_its_past(self, tmp_path: Path) -> None:
        space = {"x": tune.grid_search([1, 2, 3])}
        folder = str(tmp_path / "mine")
        later = StopLater()
        config = run_config(tmp_path, name="mine", callbacks=[later])
        first = Experiment(resumable, param_space=space, run_config=config, dashboard=False)
        later.stop = first.stop
        first.start()
        first.wait(120)
        again = Experiment(
            resumable,
            param_space=space,
            tune_config=tune.TuneConfig(metric="score", mode="max"),
            run_config=run_config(tmp_path, name="mine"),
        )
        again.resume(folder, resume_unfinished=True)
        again.wait(120)
        assert again.dashboard is not None
        snapshot = again.dashboard.board.snapshot()
        assert snapshot.counts["done"] == 3
        for trial in snapshot.trials:
            assert trial.curves["score"].iterations.tolist() == [1, 2, 3, 4, 5, 6]


class StopLater(tune.Callback):
    """Calls a function after eight results."""

    stop: Callable[[], None]

    def __init__(self) -> None:
        self._left = 8

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def on_trial_result(self, *_: Any, **__: Any) -> None:
        self._left -= 1
        if not self._left:
            self.stop()
