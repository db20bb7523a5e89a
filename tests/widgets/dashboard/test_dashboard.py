from __future__ import annotations

import math
import queue
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ray import cloudpickle, tune

import tune_wandb_nb as tw
from tests.trainable_functions import failing, quick, run_config
from tests.tuning.chart_data.test_chart_data import search
from tests.widgets.charts.test_live_charts import EVIL
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb import Dashboard
from tune_wandb_nb.tuning.board.board import TrialBoard
from tune_wandb_nb.tuning.search.search import Search
from tune_wandb_nb.widgets.base.frontend import OVERRIDE, Frontend, detect_frontend
from tune_wandb_nb.widgets.dashboard.status import seconds_left, status_html


class Tracker:
    """What the dashboard asks of a logger."""

    host: str | None = None

    def __init__(self, mode: str | None, path: str = "some where/wandb/offline-run-1-a") -> None:
        self.mode = mode
        self.path = path
        base = "http://127.0.0.1:1/e/p" if mode == "online" else None
        self.project_url = base
        self.group_url = base and f"{base}/groups/g/workspace"

    def run_url(self, trial_id: str) -> str | None:
        return self.project_url and f"{self.project_url}/runs/{trial_id}"

    def audit(self) -> pd.DataFrame:
        return pd.DataFrame({"path": [self.path], "mode": [self.mode], "state": ["finished"]})


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture(autouse=True)
def _in_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, "jupyterlab")


def filled(tracker: Any = None, trials: int = 5) -> Dashboard:
    board = TrialBoard("m", "max")
    board.begin(expected=trials)
    for i in range(trials):
        board.add(f"t{i}", name=f"trial_{i}", params={"lr": 0.1 * i})
        board.record(f"t{i}", {"training_iteration": 1, "m": float(i)})
        board.change(f"t{i}", "done")
    board.end()
    return Dashboard(tracker, board=board)


class TestStatus:
    def test_says_where_the_search_stands(self) -> None:
        now = iter([0.0, 90.0, 90.0])
        board = TrialBoard("m", "max", clock=lambda: next(now))
        board.begin(expected=4)
        board.record("a", {"training_iteration": 1, "m": 0.123456})
        board.change("a", "done")
        board.add("b", name="b")
        board.describe("1/2 CPU")
        snapshot = board.snapshot()
        assert seconds_left(snapshot) == 270
        text = status_html(snapshot)
        for part in ("Running", "1 of 4 trials", "1 min 30 s elapsed", "about 4 min 30 s left"):
            assert part in text
        for part in ("1/2 CPU", "1 pending", "<b>0.1235</b>"):
            assert part in text

    def test_a_search_that_failed_says_why(self) -> None:
        board = TrialBoard()
        board.begin()
        board.end(error="ValueError: <b>no</b>")
        text = status_html(board.snapshot())
        assert "Failed" in text
        assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in text


class TestPage:
    def test_online_the_page_of_the_group_is_in_front(self) -> None:
        dashboard = filled(Tracker("online"))
        assert dashboard.tabs.selected_index == 1
        assert "/groups/g/workspace?jupyter=true" in dashboard.page.frame.value
        assert 'href="http://127.0.0.1:1/e/p/groups/g/workspace"' in dashboard.page.link.value
        assert "<a href" in dashboard.report()

    def test_the_project_or_a_trial_can_be_chosen(self) -> None:
        page = filled(Tracker("online")).page
        page.choice.value = "project"
        assert 'src="http://127.0.0.1:1/e/p?jupyter=true"' in page.frame.value
        page.choice.value = "t3"
        assert "/runs/t3?jupyter=true" in page.frame.value

    def test_the_iframe_stays_while_other_things_change(self) -> None:
        dashboard = filled(Tracker("online"))
        sent: list[object] = []
        dashboard.page.frame.observe(sent.append, "value")
        dashboard.refresh()
        assert sent == []
        dashboard.page.reload.click()
        assert len(sent) == 2

    def test_where_no_iframe_can_be_shown_there_is_a_link(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(OVERRIDE, "vscode")
        page = filled(Tracker("online")).page
        assert "<iframe" not in page.frame.value
        assert 'href="http://127.0.0.1:1/e/p/groups/g/workspace"' in page.frame.value

    def test_offline_the_charts_are_in_front_and_the_way_to_the_page_is_told(self) -> None:
        dashboard = filled(Tracker("offline"))
        assert dashboard.tabs.selected_index == 0
        text = dashboard.page.frame.value
        assert "offline" in text
        assert dashboard.page.sync.layout.display is None
        assert "wandb sync &#x27;some where/wandb&#x27;/offline-run-*" in text

    def test_a_click_on_sync_uploads(
        self, start_run: StartRun, wire_server: WireServer, tmp_path: Path
    ) -> None:
        run = start_run("a", mode="offline")
        run.log({"m": 1.0})
        run.finish()
        (file,) = find_wandb_files(tmp_path)
        read_ended_wandb_file(file)
        tracker = Tracker("offline", str(file.parent))
        tracker.host = wire_server.url
        page = filled(tracker).page
        said: queue.Queue[str] = queue.Queue()
        page.frame.observe(lambda change: said.put(change["new"]), "value")

        page.sync.click()
        assert "Uploading" in said.get(timeout=60)
        assert "Nothing was uploaded: to upload runs to" in said.get(timeout=60)
        tw.login(wire_server.api_key, host=wire_server.url)
        try:
            page.sync.click()
            assert "Uploading" in said.get(timeout=60)
            assert "1 row of 1 run is in W&amp;B." in said.get(timeout=60)
        finally:
            tw.logout()
        assert [row["m"] for row in wire_server.runs["a"].rows] == [1.0]
        page.show(filled(tracker).board.snapshot())
        assert "1 row of 1 run" in page.frame.value, "it stays"

    @pytest.mark.parametrize("mode", [None, "disabled"])
    def test_before_and_without(self, mode: str | None) -> None:
        assert "W&amp;B" in filled(Tracker(mode)).page.frame.value
        assert "not tracked" in filled(None).page.frame.value


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


class TestFrontend:
    def test_override(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert detect_frontend({OVERRIDE: "colab"}) == Frontend("colab")
        with pytest.raises(ValueError, match=r"must be one of jupyterlab, .*, but got 'emacs'"):
            detect_frontend({OVERRIDE: "emacs"})

    @pytest.mark.parametrize(
        ("environ", "modules", "names", "expected"),
        [
            ({}, set(), {}, "jupyterlab"),
            ({}, {"google.colab"}, {}, "colab"),
            ({"VSCODE_PID": "1"}, set(), {}, "vscode"),
            ({}, set(), {"__vsc_ipynb_file__": "x"}, "vscode"),
        ],
    )
    def test_detection(
        self, environ: dict[str, str], modules: set[str], names: dict[str, str], expected: str
    ) -> None:
        class Shell:
            kernel = object()
            user_ns = names

        assert detect_frontend(environ, modules, Shell()).name == expected

    def test_a_terminal_shows_nothing(self) -> None:
        frontend = detect_frontend({}, set(), object())
        assert (frontend.name, frontend.shows_widgets, frontend.shows_iframes) == (
            "plain",
            False,
            False,
        )


def test_two_hundred_trials_refresh() -> None:
    snapshot = search(200)
    assert "200 of" not in status_html(snapshot)
    assert "200 trials over" in status_html(snapshot)


def test_trouble_with_wandb_is_in_the_status() -> None:
    snapshot = search(2)
    assert "W&B:" not in status_html(snapshot)
    text = status_html(snapshot, trouble="2 runs recorded offline: <script> cannot be reached")
    assert "W&B: 2 runs recorded offline: &lt;script&gt; cannot be reached" in text


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
