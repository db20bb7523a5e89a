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
