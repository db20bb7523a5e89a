from __future__ import annotations

import queue
from pathlib import Path

import pytest

import tune_wandb_nb as tw
from tests.widgets.dashboard.finished import Tracker, filled
from tests.wire import WireServer, find_wandb_files, read_ended_wandb_file
from tests.wire.fixtures import StartRun
from tune_wandb_nb.widgets.base.frontend import OVERRIDE


def test_online_there_is_the_page_of_the_group() -> None:
    dashboard = filled(Tracker("online"))
    assert "/groups/g/workspace?jupyter=true" in dashboard.page.frame.value
    assert 'href="http://127.0.0.1:1/e/p/groups/g/workspace"' in dashboard.page.link.value
    assert "<a href" in dashboard.report()


def test_the_project_or_a_trial_can_be_chosen() -> None:
    page = filled(Tracker("online")).page
    page.choice.value = "project"
    assert 'src="http://127.0.0.1:1/e/p?jupyter=true"' in page.frame.value
    page.choice.value = "t3"
    assert "/runs/t3?jupyter=true" in page.frame.value


def test_the_iframe_stays_while_other_things_change() -> None:
    dashboard = filled(Tracker("online"))
    sent: list[object] = []
    dashboard.page.frame.observe(sent.append, "value")
    dashboard.refresh()
    assert sent == []
    dashboard.page.reload.click()
    assert len(sent) == 2


def test_where_no_iframe_can_be_shown_there_is_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERRIDE, "vscode")
    page = filled(Tracker("online")).page
    assert "<iframe" not in page.frame.value
    assert 'href="http://127.0.0.1:1/e/p/groups/g/workspace"' in page.frame.value


def test_offline_the_way_to_the_page_is_told() -> None:
    dashboard = filled(Tracker("offline"))
    text = dashboard.page.frame.value
    assert "offline" in text
    assert dashboard.page.sync.layout.display is None
    assert "wandb sync &#x27;some where/wandb&#x27;/offline-run-*" in text


def test_a_click_on_sync_uploads(
    start_run: StartRun, wire_server: WireServer, tmp_path: Path
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
def test_before_and_without(mode: str | None) -> None:
    assert "W&amp;B" in filled(Tracker(mode)).page.frame.value
    assert "not tracked" in filled(None).page.frame.value


class OnServer(Tracker):
    """A tracker whose pages are on the wire server."""

    sweep_url: str | None = None
    view_url: str | None = None
    stopped_in_wandb: tuple[str, ...] = ()

    def __init__(self, server: WireServer) -> None:
        super().__init__("online")
        self.project_url = f"{server.url}/e/p"
        self.group_url = f"{self.project_url}/groups/g/workspace"


def shown_in_the_end(dashboard: tw.Dashboard, word: str) -> str:
    said: queue.Queue[str] = queue.Queue()
    dashboard.page.frame.observe(lambda change: said.put(change["new"]), "value")
    text = dashboard.page.frame.value
    while word not in text:
        text = said.get(timeout=30)
    return text


def test_where_the_server_forbids_frames_the_tab_says_so(wire_server: WireServer) -> None:
    wire_server.page_headers = {"X-Frame-Options": "DENY"}
    dashboard = filled(OnServer(wire_server))
    text = shown_in_the_end(dashboard, "cannot be shown")
    assert "<iframe" not in text
    assert "lets no other page show it" in text
    assert f'href="{wire_server.url}/e/p/groups/g/workspace"' in text
    dashboard.page.choice.value = "project"
    assert "<iframe" not in dashboard.page.frame.value
    assert f'href="{wire_server.url}/e/p"' in dashboard.page.frame.value
    (asked,) = (r for r in wire_server.requests if r.operation == "page")
    assert asked.path == "/e/p/groups/g/workspace?jupyter=true"
    assert "Authorization" not in asked.headers


def test_where_it_lets_them_the_frame_stays(wire_server: WireServer) -> None:
    dashboard = filled(OnServer(wire_server))
    wire_server.wait_for(lambda s: [r for r in s.requests if r.operation == "page"])
    dashboard.page.reload.click()
    assert "<iframe" in dashboard.page.frame.value


def test_the_sweep_is_one_of_the_pages_and_stopped_trials_are_named(
    wire_server: WireServer,
) -> None:
    tracker = OnServer(wire_server)
    tracker.sweep_url = f"{wire_server.url}/e/p/sweeps/s1"
    tracker.stopped_in_wandb = ("t3",)
    page = filled(tracker).page
    titles = {value: title for title, value in page.choice.options}
    assert titles["sweep"] == "Its sweep"
    assert titles["t3"].endswith("(stopped in W&B)")
    assert not titles["t2"].endswith("(stopped in W&B)")
    page.choice.value = "sweep"
    assert "/e/p/sweeps/s1?jupyter=true" in page.frame.value


def test_the_view_is_in_front_once_it_is_there(wire_server: WireServer) -> None:
    tracker = OnServer(wire_server)
    dashboard = filled(tracker)
    page = dashboard.page
    assert page.choice.value == "group"
    tracker.view_url = f"{wire_server.url}/e/p?nw=ab12"
    dashboard.refresh()
    assert page.choice.value == "view"
    assert "/e/p?nw=ab12&amp;jupyter=true" in page.frame.value
    page.choice.value = "group"
    dashboard.refresh()
    assert page.choice.value == "group", "a person's choice stays"
