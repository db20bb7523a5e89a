"""A server that comes back: what was recorded offline meanwhile is uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracking.runs.plans import online_plan
from tests.wire import WireServer
from tune_wandb_nb.tracking.driver.reconnect import Reconnect
from tune_wandb_nb.tracking.results.rows import Row
from tune_wandb_nb.tracking.results.trial_end import Ending
from tune_wandb_nb.tracking.runs.trial_run import TrialRun

pytestmark = pytest.mark.usefixtures("wandb_core", "wandb_home")
SOON = 120


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def reconnect(said: list[str]) -> Iterator[Reconnect]:
    made = Reconnect(said.append, again_every=600)
    yield made
    made.stop()


def offline_run(folder: Path, server: WireServer, rows: int = 3) -> TrialRun:
    """A run that had to go offline, and has ended."""
    server.stop()
    run = TrialRun("ab_00000", "train", online_plan(folder, server), say=lambda _: None)
    run.open()
    for i in range(1, rows + 1):
        run.write(Row({"training_iteration": i}, {}, {}, i))
    run.end(Ending("finished"))
    assert run.stats.mode == "offline"
    return run


def test_an_ended_run_is_uploaded_when_the_server_is_back(
    wire_server: WireServer, tmp_path: Path, reconnect: Reconnect
) -> None:
    run = offline_run(tmp_path, wire_server)
    reconnect.expect(run)
    assert reconnect.waiting() == [run]
    wire_server.start()
    assert reconnect.finish(SOON)
    assert reconnect.waiting() == []
    steps = [row["training_iteration"] for row in wire_server.runs["ab_00000"].rows]
    assert steps == [1, 2, 3]
    assert (run.stats.mode, run.stats.trouble) == ("online", "")
    assert run.stats.url == f"{wire_server.url}/{wire_server.entity}/p/runs/ab_00000"


def test_while_the_server_is_away_nothing_is_lost(
    wire_server: WireServer, tmp_path: Path, reconnect: Reconnect
) -> None:
    run = offline_run(tmp_path, wire_server)
    reconnect.expect(run)
    assert reconnect.finish(SOON)
    assert reconnect.waiting() == [run]
    assert run.stats.mode == "offline"


def test_a_refused_key_is_not_asked_about_again(
    wire_server: WireServer, tmp_path: Path, reconnect: Reconnect
) -> None:
    wire_server.accepted_keys = set()
    run = TrialRun("ab_00000", "train", online_plan(tmp_path, wire_server), say=lambda _: None)
    run.open()
    run.end(Ending("finished"))
    reconnect.expect(run)
    assert reconnect.waiting() == []


def test_an_unexpected_error_does_not_end_the_rounds(
    wire_server: WireServer,
    tmp_path: Path,
    reconnect: Reconnect,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = offline_run(tmp_path, wire_server)
    with monkeypatch.context() as broken:
        broken.setattr(run.plan.check, "ask_again", lambda: 1 / 0)
        reconnect.expect(run)
        assert reconnect.finish(SOON)
    assert said == ["runs recorded offline are not uploaded yet (ZeroDivisionError)"]
    wire_server.start()
    assert reconnect.finish(SOON)
    assert reconnect.waiting() == []
