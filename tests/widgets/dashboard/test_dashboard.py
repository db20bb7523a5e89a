from __future__ import annotations

import gzip
import json
import math
import threading
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from ray import cloudpickle, tune

from tests.trainable_functions import failing, quick, run_config
from tests.widgets.dashboard.finished import Tracker, filled
from tests.widgets.dashboard.page import Page
from tests.widgets.evil import EVIL
from tests.widgets.tags import Tags
from tune_wandb_nb import Dashboard, SettingsError
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.search.search import Search


class TestDashboard:
    def test_before_the_search(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dashboard = Dashboard(metric="m", mode="max")
        page = Page(dashboard.view, monkeypatch)
        page.ask()
        assert page.search["started"] is None
        assert page.search["canStop"] is False
        assert page.search["objectives"] == [{"metric": "m", "mode": "max"}]
        assert repr(dashboard) == "<Dashboard: not started, 0 trials>"
        with pytest.raises(
            SettingsError, match=r"no trial can be stopped; give dashboard\.callback"
        ):
            dashboard.stop_trial("a")

    def test_a_click_on_stop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clicked: list[int] = []
        board = TrialBoard()
        dashboard = Dashboard(board=board, stop=lambda: clicked.append(1))
        page = Page(dashboard.view, monkeypatch)
        board.begin(expected=1)
        dashboard.refresh()
        page.ask()
        assert page.search["canStop"] is True
        page.say({"kind": "stop"})
        assert clicked == [1]
        page.ask()
        assert page.search["stopping"] is True
        board.end()
        assert dashboard.settle(30)
        assert page.search["stopping"] is False

    def test_errors_of_trials_are_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        board = TrialBoard()
        dashboard = Dashboard(board=board)
        board.add("a", name="a")
        board.change("a", "failed", error=f"ValueError: {EVIL}")
        page = Page(dashboard.view, monkeypatch)
        dashboard.refresh()
        page.ask()
        assert page.trials["a"]["error"] == f"ValueError: {EVIL}"

    def test_nothing_from_users_or_trials_becomes_markup(self, tmp_path: Path) -> None:
        board = TrialBoard(EVIL, "max")
        board.begin()
        for i in range(6):
            board.add(f"{EVIL}{i}", name=f"{EVIL}{i}", params={EVIL: f"{EVIL}{i}", "n": i})
            board.record(f"{EVIL}{i}", {"training_iteration": 1, EVIL: float(i)})
            board.change(f"{EVIL}{i}", "failed" if i else "done", error=EVIL)
        board.describe(EVIL)
        board.call_it(EVIL)
        board.end(error=EVIL)
        dashboard = Dashboard(Tracker("online"), board=board)
        dashboard.save(tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        pages = [dashboard.notice.value, dashboard.page.frame.value, dashboard.page.link.value]
        tags = [Tags(each) for each in (*pages, page)]
        assert not [handler for each in tags for handler in each.handlers]
        # The bundle, the data and what draws them.
        assert [each.found.count("script") for each in tags] == [0, 0, 0, 3]
        assert sum(each.found.count("img") for each in tags) == 1  # the picture

    def test_the_saved_report_needs_nothing_else(self, tmp_path: Path) -> None:
        dashboard = filled()
        dashboard.save(tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert "data:image/png;base64," in page
        assert "Finished" in page
        assert "trial_4" in page
        assert 'src="http' not in page
        assert len(page) < 500_000
        Dashboard(board=TrialBoard("score", "max")).save(tmp_path / "empty.html")
        assert "Not started" in (tmp_path / "empty.html").read_text(encoding="utf-8")

    def test_the_state_is_kept_in_the_widget_at_the_end(self) -> None:
        dashboard = filled()
        assert dashboard.settle(60)
        saved = json.loads(gzip.decompress(b64decode(dashboard.view.saved)))
        assert [trial["name"] for trial in saved["trials"]] == [f"trial_{i}" for i in range(5)]
        assert saved["search"]["importance"][0]["name"] == "lr"

    def test_the_selection_can_be_read_and_set(self) -> None:
        dashboard = filled()
        assert dashboard.selected == []
        dashboard.view.set_state({"selected": ["t1", "t3"]})  # what a click in the page does
        assert dashboard.selected == ["t1", "t3"]
        dashboard.selected = ["t2"]
        assert dashboard.view.selected == ["t2"]
        with pytest.raises(SettingsError, match="there is no trial 'nobody'"):
            dashboard.selected = ["nobody"]

    def test_nan_only_and_thousands_of_metrics(self, monkeypatch: pytest.MonkeyPatch) -> None:
        board = TrialBoard("m", "max")
        many = {f"metric/{i}": float(i) for i in range(3000)}
        board.record("a", {"training_iteration": 1, "m": math.nan, **many})
        dashboard = Dashboard(board=board)
        page = Page(dashboard.view, monkeypatch)
        page.ask()
        assert len(page.search["metrics"]) == 64
        assert page.search["metrics"][0] == "m"
        assert page.trials["a"]["last"]["m"] == "nan"

    def test_two_dashboards_show_one_search(self, monkeypatch: pytest.MonkeyPatch) -> None:
        board = TrialBoard("m", "max")
        dashboards = [Dashboard(board=board), Dashboard(board=board)]
        pages = [Page(dashboard.view, monkeypatch) for dashboard in dashboards]
        board.record("a", {"training_iteration": 1, "m": 1.0})
        for dashboard, page in zip(dashboards, pages, strict=True):
            dashboard.refresh()
            page.ask()
            assert page.trials["a"]["last"] == {"m": 1}

    def test_pages_of_wandb_are_linked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        dashboard = filled(Tracker("online"))
        page = Page(dashboard.view, monkeypatch)
        page.ask()
        assert page.trials["t1"]["url"] == "http://127.0.0.1:1/e/p/runs/t1"
        assert page.search["links"][0] == {
            "text": "This search in W&B",
            "url": "http://127.0.0.1:1/e/p/groups/g/workspace",
        }

    def test_trouble_with_wandb_is_said(self) -> None:
        tracker = Tracker("online")
        tracker.trouble = "<b>2 runs</b> recorded offline"  # type: ignore[attr-defined]
        dashboard = filled(tracker)
        assert "&lt;b&gt;2 runs&lt;/b&gt; recorded offline" in dashboard.notice.value
        assert dashboard.notice.layout.display is None
        del tracker.trouble  # type: ignore[attr-defined]
        dashboard.refresh()
        assert dashboard.notice.layout.display == "none"


@pytest.mark.usefixtures("ray_session")
class TestWithTune:
    def test_the_plain_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "0")
        dashboard = Dashboard(metric="score", mode="max")
        page = Page(dashboard.view, monkeypatch)
        config = run_config(
            tmp_path, callbacks=[dashboard.callback], progress_reporter=dashboard.reporter
        )
        config.verbose = 1
        space = {"x": tune.grid_search([1, 2]), EVIL: "a"}
        tuner = tune.Tuner(quick, param_space=space, run_config=config)
        tuner.fit()
        assert dashboard.settle(60)
        page.ask()
        assert page.search["counts"]["done"] == page.search["expected"] == 2
        assert page.search["name"] in str(tuner.get_results().experiment_path)
        trial = next(iter(page.trials.values()))
        (span,) = trial["spans"]
        assert span[0] <= span[1]
        assert span[2].split()[-1].isdigit(), "the process that ran the trial"
        folder = Path(page.search["folder"], trial["folder"])
        assert (folder / "result.json").exists()
        assert "<table" in dashboard.tune.output.value
        tags = Tags(dashboard.tune.output.value)
        assert not tags.handlers
        assert not {"script", "img"} & set(tags.found)

    def test_a_search_that_cannot_start_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        search = Search(lambda config: None, run_config=run_config(tmp_path, stop="nonsense"))
        dashboard = Dashboard(board=search.board)
        page = Page(dashboard.view, monkeypatch)
        search.start()
        with pytest.raises(Exception, match="nonsense"):
            search.wait(60)
        assert dashboard.settle(30)
        page.ask()
        assert "nonsense" in page.search["error"]

    def test_callback_and_reporter_pickle_clean(self) -> None:
        dashboard = Dashboard()
        reporter = cloudpickle.loads(cloudpickle.dumps(dashboard.reporter))
        reporter.display("nothing happens")
        assert cloudpickle.loads(cloudpickle.dumps(dashboard.callback)).board.snapshot().total == 0

    def test_a_search_of_failures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        dashboard = Dashboard()
        page = Page(dashboard.view, monkeypatch)
        tune.Tuner(failing, run_config=run_config(tmp_path, callbacks=[dashboard.callback])).fit()
        assert dashboard.settle(60)
        page.ask()
        (trial,) = page.trials.values()
        assert "luck" in trial["error"]


def test_what_cannot_be_shown_is_said_and_the_next_refresh_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = TrialBoard("m", "max")
    dashboard = Dashboard(board=board)
    page = Page(dashboard.view, monkeypatch)
    complained = threading.Event()
    show = dashboard.view.show

    def broken(*_: Any) -> None:
        monkeypatch.setattr(dashboard.view, "show", show)
        raise ZeroDivisionError("<b>a chart</b>")

    monkeypatch.setattr(dashboard.view, "show", broken)
    dashboard.notice.observe(
        lambda change: "&lt;b&gt;a chart" in change["new"] and complained.set(), "value"
    )
    board.begin()
    assert complained.wait(30)
    board.end()
    assert dashboard.settle(30)
    assert page.search["ended"] is not None


def test_a_report_whose_picture_cannot_be_drawn_is_saved_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("no font was found")

    monkeypatch.setattr("tune_wandb_nb.widgets.dashboard.lasting.picture_png", broken)
    dashboard = filled()
    dashboard.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "trial_4" in page
    assert "data:image/png" not in page
    assert "no font was found" in dashboard.notice.value
