from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle, tune

from tests.trainable_functions import failing, quick, run_config
from tests.widgets.dashboard.finished import Tracker, filled
from tests.widgets.evil import EVIL
from tests.widgets.tags import Tags
from tune_wandb_nb import Dashboard
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.search.search import Search


class TestDashboard:
    def test_before_the_search(self) -> None:
        dashboard = Dashboard(metric="m", mode="max")
        assert "Not started" in dashboard.status.value
        assert dashboard.stop_button.layout.display == "none"
        assert repr(dashboard) == "<Dashboard: not started, 0 trials>"

    def test_a_click_on_stop(self) -> None:
        clicked: list[int] = []
        board = TrialBoard()
        dashboard = Dashboard(board=board, stop=lambda: clicked.append(1))
        assert dashboard.stop_button.disabled
        board.begin(expected=1)
        dashboard.refresh()
        assert not dashboard.stop_button.disabled
        dashboard.stop_button.click()
        assert clicked == [1]
        assert dashboard.stop_button.disabled
        assert "Stopping" in dashboard.status.value
        board.end()

    def test_errors_are_one_click_away(self) -> None:
        board = TrialBoard()
        board.begin()
        dashboard = Dashboard(board=board)
        assert dashboard.errors_box.layout.display == "none"
        board.add("a", name="a")
        board.change("a", "failed", error=f"ValueError: {EVIL}")
        dashboard.refresh()
        assert dashboard.errors_box.layout.display is None
        assert dashboard.errors_box.selected_index is None
        assert dashboard.errors_box.get_title(0) == "1 failed trial"
        assert "&lt;script&gt;" in dashboard.errors.value
        board.end()

    def test_nothing_from_users_or_trials_becomes_markup(self, tmp_path: Path) -> None:
        board = TrialBoard(EVIL, "max")
        board.begin()
        for i in range(6):
            board.add(f"{EVIL}{i}", name=f"{EVIL}{i}", params={EVIL: f"{EVIL}{i}", "n": i})
            board.record(f"{EVIL}{i}", {"training_iteration": 1, EVIL: float(i)})
            board.change(f"{EVIL}{i}", "failed" if i else "done", error=EVIL)
        board.describe(EVIL)
        board.end(error=EVIL)
        dashboard = Dashboard(Tracker("online"), board=board)
        dashboard.save(tmp_path / "report.html")
        pages = [
            dashboard.status.value,
            dashboard.errors.value,
            dashboard.page.frame.value,
            dashboard.page.link.value,
        ]
        tags = [Tags(page) for page in (*pages, (tmp_path / "report.html").read_text())]
        assert not [handler for page in tags for handler in page.handlers]
        assert all("script" not in page.found for page in tags)
        assert sum(page.found.count("img") for page in tags) == 1  # the picture

    def test_the_saved_report_needs_nothing_else(self, tmp_path: Path) -> None:
        board = TrialBoard("score", "max")
        dashboard = filled()
        dashboard.save(tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "data:image/png;base64," in page
        assert "Finished" in page
        assert "trial_4" in page
        assert 'src="http' not in page
        assert len(page) < 400_000
        Dashboard(board=board).save(tmp_path / "empty.html")
        assert "Not started" in (tmp_path / "empty.html").read_text(encoding="utf-8")

    def test_nan_only_and_thousands_of_metrics(self) -> None:
        board = TrialBoard("m", "max")
        board.begin()
        many = {f"metric/{i}": float(i) for i in range(3000)}
        board.record("a", {"training_iteration": 1, "m": math.nan, **many})
        dashboard = Dashboard(board=board)
        dashboard.refresh()
        assert len(dashboard.charts.metric.options) == 64
        assert dashboard.charts.metric.value == "m"
        board.end()

    def test_two_dashboards_show_one_search(self) -> None:
        board = TrialBoard("m", "max")
        first, second = Dashboard(board=board), Dashboard(board=board)
        board.record("a", {"training_iteration": 1, "m": 1.0})
        for dashboard in (first, second):
            dashboard.refresh()
            assert "<b>1</b>" in dashboard.status.value


@pytest.mark.usefixtures("ray_session")
class TestWithTune:
    def test_the_plain_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "0")
        dashboard = Dashboard(metric="score", mode="max")
        config = run_config(
            tmp_path, callbacks=[dashboard.callback], progress_reporter=dashboard.reporter
        )
        config.verbose = 1
        space = {"x": tune.grid_search([1, 2]), EVIL: "a"}
        tuner = tune.Tuner(quick, param_space=space, run_config=config)
        tuner.fit()
        dashboard.refresh()
        assert "Finished" in dashboard.status.value
        assert "2 of 2 trials" in dashboard.status.value
        assert "<table" in dashboard.tune.value
        tags = Tags(dashboard.tune.value)
        assert not tags.handlers
        assert not {"script", "img"} & set(tags.found)

    def test_a_search_that_cannot_start_says_so(self, tmp_path: Path) -> None:
        search = Search(lambda config: None, run_config=run_config(tmp_path, stop="nonsense"))
        dashboard = Dashboard(board=search.board)
        search.start()
        with pytest.raises(Exception, match="nonsense"):
            search.wait(60)
        assert dashboard.settle(30)
        assert "Failed" in dashboard.status.value
        assert "nonsense" in dashboard.status.value

    def test_callback_and_reporter_pickle_clean(self) -> None:
        dashboard = Dashboard()
        reporter = cloudpickle.loads(cloudpickle.dumps(dashboard.reporter))
        reporter.display("nothing happens")
        assert cloudpickle.loads(cloudpickle.dumps(dashboard.callback)).board.snapshot().total == 0

    def test_a_search_of_failures(self, tmp_path: Path) -> None:
        dashboard = Dashboard()
        tune.Tuner(failing, run_config=run_config(tmp_path, callbacks=[dashboard.callback])).fit()
        dashboard.refresh()
        assert "luck" in dashboard.errors.value
        assert "<script" not in dashboard.errors.value


def test_what_cannot_be_shown_is_said_and_the_next_refresh_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = TrialBoard("m", "max")
    dashboard = Dashboard(board=board)
    complained = threading.Event()
    show = dashboard.charts.show

    def broken(snapshot: Any) -> None:
        monkeypatch.setattr(dashboard.charts, "show", show)
        raise ZeroDivisionError("<b>a chart</b>")

    monkeypatch.setattr(dashboard.charts, "show", broken)
    dashboard.status.observe(
        lambda change: "&lt;b&gt;a chart" in change["new"] and complained.set(), "value"
    )
    board.begin()
    assert complained.wait(30)
    board.end()
    assert dashboard.settle(30)
    assert "Finished" in dashboard.status.value


def test_a_report_whose_picture_cannot_be_drawn_is_saved_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("no font was found")

    monkeypatch.setattr("tune_wandb_nb.widgets.dashboard.dashboard.picture_png", broken)
    dashboard = filled()
    dashboard.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "trial_4" in page
    assert "data:image/png" not in page
    assert "no font was found" in dashboard.status.value
